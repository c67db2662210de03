"""Tornado handlers, thin: they read a request, call a service, write its answer."""
