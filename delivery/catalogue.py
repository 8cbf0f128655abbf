"""Every text that leaves the house, in every language. Safe on a lock screen: no group, no substance, no reason.

`{x}` is filled with at most 12 characters, `{link}` with at most 40; a test holds each text to GSM-7 and 160.
Languages other than English are kept here with their letters; a text message folds them to GSM-7.
"""

SUBJECTS = {
    "en": "A short note",
    "es": "Una nota breve",
}

TEXTS: dict[str, dict[str, str]] = {
    "T01": {
        "en": "Hi {me}, it has been a little while and you came to mind. Away, busy, or shall we talk? "
        "Nobody else was told. {link}",
        "es": "Hola {me}, ha pasado un tiempo y pensamos en ti. ¿De viaje, con cosas, o hablamos? "
        "No se ha avisado a nadie. {link}",
    },
    "T02": {
        "en": "Hi {me}, as you asked, we'd write to {su} on {when}. Fine, or not needed? One tap: {link}",
        "es": "Hola {me}, como pediste, escribiremos a {su} el {when}. ¿Bien, o no hace falta? Un toque: {link}",
    },
    "T03": {
        "en": "Hi {su}, {me} once asked us to nudge you to get in touch. A call today? It may be nothing. "
        "{link} STOP ends",
        "es": "Hola {su}, {me} nos pidió una vez avisarte para que llames. ¿Hoy? Puede no ser nada. "
        "{link} STOP termina",
    },
    "T04": {
        "en": "Hi {su}, {me} would like you as a contact person. What that means, and yes or no: {link} Stop any time.",
        "es": "Hola {su}, {me} quiere que seas su contacto. Qué significa, y sí o no: {link} Puedes parar cuando sea.",
    },
    "T05": {
        "en": "Hi {su}, good news on our last message about {me}: it is settled. "
        "Thank you for being there. No need to reply.",
        "es": "Hola {su}, buenas noticias sobre {me}: todo está resuelto. Gracias por estar ahí. "
        "No hace falta responder.",
    },
    "T06": {
        "en": "Hi {su}, please ignore our last message about {me}. It was our mistake and {me} knows. "
        "Sorry for the worry.",
        "es": "Hola {su}, por favor ignora el último mensaje sobre {me}. Fue un error nuestro y {me} lo sabe. Perdón.",
    },
    "T07": {
        "en": "Thank you for telling us. It takes courage. What you built still counts. "
        "Would a person, a meeting or safety tips help now?",
        "es": "Gracias por contarlo. Hace falta valor. Lo que lograste sigue contando. "
        "¿Ayudaría una persona, una reunión o consejos?",
    },
    "T08": {
        "en": "Hi {me}, a good moment to look back: something you set out to do is done. "
        "See it here, share only if you like: {link}",
        "es": "Hola {me}, buen momento para mirar atrás: algo que te propusiste está hecho. Míralo aquí: {link}",
    },
    "T09": {
        "en": "Hi {fa}, could you finish the list for {day}? A minute, no login: {link} Not held? Say so there.",
        "es": "Hola {fa}, ¿puedes terminar la lista de {day}? Un minuto, sin clave: {link} ¿No hubo? Dilo allí.",
    },
    "T10": {
        "en": "Someone in your circle would like a chat now. Free for 15 minutes? {link}",
        "es": "Alguien de tu círculo quiere hablar ahora. ¿Tienes 15 minutos? {link}",
    },
    "T11": {
        "en": "No one is free yet. We keep asking. You don't have to wait: call {line}, day or night. "
        "This feeling rises and falls.",
        "es": "Aún no hay nadie libre. Seguimos preguntando. No esperes: llama al {line}, día y noche. "
        "Esto sube y baja.",
    },
    "T12": {
        "en": "Hi {me}, done: {su} will get no more messages from us. They were not told. Change it any time: {link}",
        "es": "Hola {me}, hecho: {su} no recibirá más mensajes. No se lo dijimos. Cámbialo cuando quieras: {link}",
    },
    "T13": {
        "en": "Hi {me}, thinking of you after yesterday. How is today? One tap is enough: {link}",
        "es": "Hola {me}, pensamos en ti después de ayer. ¿Cómo va hoy? Un toque basta: {link}",
    },
    "T14": {
        "en": "Hi {me}, just a hello. If you would like company, or another time suits you better, "
        "we are one tap away: {link}",
        "es": "Hola {me}, solo un saludo. Si quieres compañía, o te va mejor otra hora, estamos a un toque: {link}",
    },
    "T15": {
        "en": "Hi {me}, all sorted: please ignore our last note. Nobody was written to. {link}",
        "es": "Hola {me}, todo aclarado: ignora nuestra última nota. No se ha escrito a nadie. {link}",
    },
    "T16": {
        "en": "Hi {me}, we wrote to {su} by mistake and have told them so. We are sorry. What happened: {link}",
        "es": "Hola {me}, escribimos a {su} por error y ya lo aclaramos. Lo sentimos. Qué pasó: {link}",
    },
    "T17": {
        "en": "Hi {su}, thank you for looking after this. Did you get hold of {me}? One tap: {link} STOP ends",
        "es": "Hola {su}, gracias por ocuparte. ¿Pudiste hablar con {me}? Un toque: {link} STOP termina",
    },
    "T18": {
        "en": "Hi {me}, our message to {su} did not arrive. Check the address or choose someone else: {link}",
        "es": "Hola {me}, el mensaje a {su} no llegó. Revisa la dirección o elige a otra persona: {link}",
    },
    "T19": {
        "en": "Hi {me}, what you allowed for {su} ends on {day}. Keep it, or let it end: {link}",
        "es": "Hola {me}, lo que permitiste a {su} termina el {day}. Mantenlo o déjalo terminar: {link}",
    },
    "T20": {
        "en": "Hi {me}, something you planned is on {when}. Coming, or not this time? One tap: {link}",
        "es": "Hola {me}, algo que planeaste es el {when}. ¿Vas, o esta vez no? Un toque: {link}",
    },
    "T21": {
        "en": "Hi {me}, this is the test you asked for. It has arrived. {link}",
        "es": "Hola {me}, esta es la prueba que pediste. Ha llegado. {link}",
    },
    "T30": {
        "en": "Hi {me}, a list has waited for two days and nobody has finished it. No names, only which one: {link}",
        "es": "Hola {me}, una lista espera desde hace dos días y nadie la termina. Sin nombres, solo cuál: {link}",
    },
    "T40": {
        "en": "Hi {me}, something new waits for you to read. {link}",
        "es": "Hola {me}, hay algo nuevo para leer. {link}",
    },
    "T41": {
        "en": "Hi {me}, someone would be glad of a word from you. {link}",
        "es": "Hola {me}, alguien espera unas palabras tuyas. {link}",
    },
    "T31": {
        "en": "Hi {me}, something you are part of now keeps its lists in another way. What that means for you: {link}",
        "es": "Hola {me}, algo de lo que formas parte lleva ahora sus listas de otra forma. Qué significa: {link}",
    },
    "T32": {
        "en": "Hi {me}, someone noticed a detail that may be out of date. Have a look, take it or leave it: {link}",
        "es": "Hola {me}, alguien vio un dato que quizá ya no es correcto. Míralo y acéptalo o déjalo: {link}",
    },
    "T33": {
        "en": "Hi {me}, thank you: what you noticed was right, and everybody sees it now. {link}",
        "es": "Hola {me}, gracias: lo que notaste era correcto y ahora lo ven todos. {link}",
    },
    "T34": {
        "en": "Hi {me}, is what we show of your time and place still right? One tap, no login: {link}",
        "es": "Hola {me}, ¿sigue bien lo que mostramos de tu hora y lugar? Un toque, sin clave: {link}",
    },
    "T60": {
        "en": "Hi {su}, {me} would like to hear a voice now. A short call? {link} STOP ends",
        "es": "Hola {su}, a {me} le haría bien oír una voz ahora. ¿Una llamada corta? {link} STOP termina",
    },
    "T61": {
        "en": "Hi {me}, someone has waited for 15 minutes and nobody is there yet. Can you look? {link}",
        "es": "Hola {me}, alguien espera desde hace 15 minutos y aún no hay nadie. ¿Puedes mirar? {link}",
    },
    "T62": {
        "en": "Hi {me}, someone who asked for company has been silent for 10 minutes. Can you join? {link}",
        "es": "Hola {me}, alguien que pidió compañía lleva 10 minutos sin escribir. ¿Puedes unirte? {link}",
    },
    "T63": {
        "en": "Hi {me}, still there? Someone is with you and waits for a word. {link}",
        "es": "Hola {me}, ¿sigues ahí? Alguien está contigo y espera una palabra. {link}",
    },
    "T64": {
        "en": "Hi {me}, still with you, or easier by now? One tap is enough: {link}",
        "es": "Hola {me}, ¿sigue ahí, o va mejor? Un toque basta: {link}",
    },
    "T65": {
        "en": "Hi {me}, a few days on: how is today? One tap is enough, then we let you be: {link}",
        "es": "Hola {me}, unos días después: ¿cómo va hoy? Un toque basta, y te dejamos en paz: {link}",
    },
    "T66": {
        "en": "Hi {me}, the plan has hours without anybody, from {when} on. Which ones: {link}",
        "es": "Hola {me}, el plan tiene horas sin nadie, desde el {when}. Cuáles: {link}",
    },
    "T67": {
        "en": "Hi {me}, someone cannot on {when}. Could you take it? First come, first served: {link}",
        "es": "Hola {me}, alguien no puede el {when}. ¿Puedes tú? Quien llega primero: {link}",
    },
    "T68": {
        "en": "Hi {me}, your turn on {when} is taken by someone else. Thank you for saying so in time. {link}",
        "es": "Hola {me}, otra persona hace tu turno del {when}. Gracias por avisar a tiempo. {link}",
    },
    "T69": {
        "en": "Hi {me}, a chat that is going on may need one more person. Can you look? {link}",
        "es": "Hola {me}, una charla que está en curso quizá necesita a alguien más. ¿Puedes mirar? {link}",
    },
    "T70": {  # said by a voice
        "en": "Hi {su}. {me} would like to hear a voice now. Could you give them a short call? STOP ends",
        "es": "Hola {su}. A {me} le haría bien oír una voz ahora. ¿Puedes hacerle una llamada corta? STOP termina",
    },
}


STOPS = (" STOP ends", " STOP termina")  # how a text to a supporter ends, in each language


def without_stop(text: str) -> str:
    """A text for where a link or a button says what the word STOP says in a text message."""
    return next((text.removesuffix(stop) for stop in STOPS if text.endswith(stop)), text)


def text_of(key: str, language: str, values: dict[str, str]) -> str:
    """The text `key` in `language` (English when it has none), filled. Raises KeyError for a missing value."""
    forms = TEXTS[key]
    return forms.get(language, forms["en"]).format(**values)


def subject_of(language: str) -> str:
    """The subject line of every e-mail: neutral, the same for all kinds."""
    return SUBJECTS.get(language, SUBJECTS["en"])
