"""The one definition of every setting: frozen models, and what is drawn from them (YAML, flags, schema, messages)."""
