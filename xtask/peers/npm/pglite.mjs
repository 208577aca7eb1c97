// PGlite in Node.js with its pgvector package and a directory on disk. Usage: node pglite.mjs DIRECTORY
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

const db = await PGlite.create(process.argv[2], { extensions: { vector } });
await db.exec('CREATE EXTENSION IF NOT EXISTS vector');
const answer = await db.query("SELECT '[1,2,3]'::vector::text AS answer");
console.log(`ready ${answer.rows[0].answer}`);

process.stdin.resume();
process.stdin.on('end', async () => {
  await db.close();
  process.exit(0);
});
