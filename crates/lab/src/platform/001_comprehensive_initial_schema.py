"""Every table of the platform."""

revision = "001_comprehensive_initial_schema"
down_revision = None
