"""Date formats for languages where Django's own are not the ones in use."""
