#!/usr/bin/env bash
# On a fresh machine: seconds from `script/server --demo` to the first page's last byte, install included. Prints one line.
port=${1:-8791}
began=$(date +%s.%N)
script/server --demo --port "$port" >server.log 2>&1 &
server=$!
page="import urllib.request as u; u.urlopen('http://localhost:$port/', timeout=5).read()"
until python3 -c "$page" 2>/dev/null; do
  kill -0 "$server" 2>/dev/null || { cat server.log; exit 1; }
  sleep 0.2
done
python3 -c "import sys; print(f'first page after {$(date +%s.%N) - $began:.1f} s, install included')"
kill "$server"
wait "$server"
echo "the server ended with $?"
