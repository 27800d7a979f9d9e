"""Commands for those who work on the portal: the gates, the translations, the pictures of its pages."""
