/** A stand-in for the mongod program: its arguments and the lines that it prints, in front of the database of this run. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BSON, type Document } from 'bson';
import { frames, parseMessage, reply } from '../../workers/store/database/documentdb/gateway/wire.ts';

const { values } = parseArgs({ strict: false });
if (values.version) {
  console.log('db version v7.0.24');
  process.exit(0);
}
const {
  port: givenPort,
  dbpath,
  bind_ip: ip,
} = parseArgs({
  options: {
    port: { type: 'string', default: '' },
    dbpath: { type: 'string', default: '' },
    bind_ip: { type: 'string', default: '' },
    replSet: { type: 'string' },
    storageEngine: { type: 'string' },
    noauth: { type: 'boolean' },
  },
}).values;
const me = `${ip}:${givenPort}`;
const configFile = path.join(dbpath, 'replica-set.json');
const backend = process.env.FAKE_MONGOD_BACKEND ?? '';

/** As the real one: a member becomes primary only when the stored configuration has its own address. */
function configure(): void {
  const { members } = JSON.parse(readFileSync(configFile, 'utf8'));
  if (members[0].host === me) console.log('transition to primary complete; database writes are now permitted');
}

const ownAnswers: Record<string, (command: Document) => Document> = {
  replSetInitiate(command) {
    if (existsSync(configFile)) return { ok: 0, errmsg: 'already initialized', code: 23 };
    writeFileSync(configFile, JSON.stringify(command.replSetInitiate));
    setImmediate(configure);
    return { ok: 1 };
  },
  replSetGetConfig: () => ({ config: JSON.parse(readFileSync(configFile, 'utf8')), ok: 1 }),
  replSetReconfig() {
    setImmediate(configure);
    return { ok: 1 };
  },
  shutdown() {
    setImmediate(() => process.exit(0));
    return { ok: 1 };
  },
};

/** hello is answered as a primary of the set; whatever else goes to the database behind. */
async function serve(client: Socket): Promise<void> {
  const behind = connect(backend);
  for (const socket of [client, behind]) socket.on('error', () => {});
  const answers = frames(behind);
  for await (const frame of frames(client)) {
    const message = parseMessage(frame);
    const command = BSON.deserialize(message.body);
    const own = ownAnswers[Object.keys(command)[0] ?? ''];
    if (own) {
      client.write(reply(message, BSON.serialize(own(command))));
      continue;
    }
    behind.write(frame);
    const { value } = await answers.next();
    const isHello = message.kind === 'legacy-hello' || command.hello || command.ismaster;
    if (!isHello) client.write(value);
    else {
      const said = BSON.deserialize(value.subarray(message.kind === 'msg' ? 21 : 36));
      const inSet = { setName: 'patchherd', hosts: [me], me, primary: me, setVersion: 1, secondary: false };
      client.write(reply(message, BSON.serialize({ ...said, ...inSet })));
    }
  }
  behind.destroy();
}

createServer((socket) => void serve(socket).catch(() => socket.destroy())).listen(Number(givenPort), ip, () => {
  console.log('waiting for connections');
});
