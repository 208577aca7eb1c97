"""A column for similarity search.

ALTER TABLE agent_discovered_patterns ADD COLUMN embedding vector(384)
"""

revision = "042_add_vector_search_to_agent_patterns"
down_revision = "001_comprehensive_initial_schema"
