"""The telephone side of the room server: phones that follow a script, and the bridge between them and the rooms."""
