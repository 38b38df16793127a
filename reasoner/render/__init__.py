"""Results as text, Markdown, JSON and HTML, in the language of a catalogue."""
