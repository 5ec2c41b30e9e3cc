"""One file per rule of the dialect; `engine.markup.parser` lists them in order."""
