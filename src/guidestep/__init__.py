"""Clinical guidelines as data: typed assessment in, cited protocol step out."""
