import { randomInt } from 'node:crypto';
import { ApiError } from '../cluster/errors.ts';
import { ANNOTATION, MARKER } from '../api/names.ts';
import type { Problem } from '../api/problem.ts';
import { generationNotAllowed, secretNameTaken, type Generating } from '../plan/act/generate.ts';
import { secretLost } from '../plan/pods/generated.ts';
import type { Raw } from './raw.ts';
import { CHILDREN, SECRETS } from './resources.ts';
import { writeRecord, type RecordPorts } from './write-record.ts';

/** Something stands in the way of a generated secret, and only a person can help. */
export class SecretRefused extends Error {
  override readonly name = 'SecretRefused';
  readonly retry = 'never';
  readonly problem: Problem;

  constructor(why: Problem) {
    super(why.message);
    this.problem = why;
  }
}

/** The operator may only create Secrets, and reads none: whether there is one of a name, a create that is a dry run tells. */
export async function generateSecret(ports: RecordPorts, action: Generating): Promise<void> {
  if (action.isMade) {
    await seeThatItIsThere(ports, action);
  } else if (action.note && (await create(ports, action, { value: '', dryRun: true })) === 'taken') {
    throw new SecretRefused(secretNameTaken(action));
  }
  if (action.note) {
    ports.signal.throwIfAborted();
    await writeRecord(ports, action.note);
  }
  if (!action.isMade) {
    ports.signal.throwIfAborted();
    // One that is there is of this operator: it ended before it could mark the note.
    await create(ports, action, { value: randomText(action), dryRun: false });
  }
  if (!action.isMade || action.note) {
    ports.signal.throwIfAborted();
    await markMade(ports, action);
  }
}

async function markMade({ writer, offer }: RecordPorts, { namespace, name }: Generating): Promise<void> {
  const mark = { metadata: { namespace, name, annotations: { [ANNOTATION.made]: 'true' } } };
  offer(
    'ControllerRevision',
    await writer.apply<Raw>(CHILDREN.ControllerRevision, mark, { fieldManager: MARKER, force: true }),
  );
}

async function seeThatItIsThere(ports: RecordPorts, action: Generating): Promise<void> {
  const found = await create(ports, action, { value: '', dryRun: true }).catch((error: unknown) => {
    // The right was taken away, a quota is full, a policy refuses it: nobody can say, and the pods that run have it.
    const isRefused = error instanceof ApiError && [400, 403, 422].includes(error.status);
    if (error instanceof SecretRefused || isRefused) {
      return 'taken' as const;
    }
    throw error;
  });
  if (found === 'new') {
    throw new SecretRefused(secretLost(action));
  }
}

type Created = 'new' | 'taken';

async function create(
  { writer }: RecordPorts,
  { input, namespace, name, key, labels }: Generating,
  { value, dryRun }: { readonly value: string; readonly dryRun: boolean },
): Promise<Created> {
  const data = Buffer.from(value).toString('base64');
  const secret = { metadata: { namespace, name, labels }, type: 'Opaque', immutable: true, data: { [key]: data } };
  try {
    return await writer.create(SECRETS, secret, { dryRun });
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    if (error.status === 403 && error.message.includes('cannot create resource "secrets"')) {
      throw new SecretRefused(generationNotAllowed(input));
    }
    // Whoever refuses it has seen the value, and may have repeated it.
    const how = error.status === 0 ? 'there was no answer' : `it was refused with ${error.status} ${error.reason}`;
    throw value === '' ? error : error.inWords(`Create Secret "${name}": ${how}`);
  }
}

/** Every character of the alphabet is as likely as every other. */
function randomText({ length, alphabet }: Pick<Generating, 'length' | 'alphabet'>): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
