"""One test a kind for every part of kzoo's own. references.py says what each is compared with."""
