"""The ways out: what anybody may know of the meetings, in the formats that others read. Pure; one file a format."""
