"""The page (`site/web/`): built with Node, configured for a stack, and put where browsers find it."""
