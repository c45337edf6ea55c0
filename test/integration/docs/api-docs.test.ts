import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cleanUp, prepare } from '../support/cluster.ts';
import { eventually } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { callsOf, notAnswered, type Call } from './page.ts';

const page = readFileSync('docs/api.md', 'utf8');
const calls = callsOf(page);
/** Where the page says that the API is. */
const ADDRESS = 'API=http://localhost:8080';
/** A name that no block of the page prints. */
const END = 'end-of-block';

/** Whoever follows the page has one shell for all of it, so that variables stay. */
interface Shell {
  run(block: string): Promise<string>;
  end(): void;
}

function openShell(): Shell {
  const { kubectl, kubeconfig } = inject('controlPlane');
  const child = spawn('/bin/sh', ['-s'], {
    env: {
      PATH: [dirname(kubectl), process.env['PATH']].join(delimiter),
      KUBECONFIG: kubeconfig,
      KUBECACHEDIR: join(dirname(kubeconfig), 'kubectl-cache'),
    },
  });
  let printed = '';
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  return {
    async run(block) {
      printed = '';
      complaints = '';
      child.stdin.write(`${block}\necho "${END} $?"\n`);
      const code = await eventually(async () => new RegExp(`${END} (\\d+)\\n$`).exec(printed)?.[1]);
      expect(code, `${block}\n${printed}${complaints}`).toBe('0');
      return printed.slice(0, printed.lastIndexOf(END));
    },
    end: () => void child.kill(),
  };
}

/** A block that only looks is repeated until it is as the page shows: a rollout takes its time. */
const onlyLooks = (block: string) => !/ -X | -d |--data|^kubectl (apply|create)|^ *-H "Idempotency/m.test(block);

async function follow(shell: Shell, { command, answer }: Call): Promise<void> {
  async function attempt(): Promise<true> {
    const printed = await shell.run(command);
    const missing = answer === undefined ? undefined : notAnswered(printed, answer);
    expect(missing, `This does not print that, but:\n${command}\n${printed}`).toBeUndefined();
    return true;
  }
  // A right that was just given may take a moment.
  const mayRepeat = onlyLooks(command) || command.includes('force=true');
  await (mayRepeat ? eventually(attempt) : attempt());
}

interface Operation {
  readonly method: string;
  readonly path: string;
}

async function operationsOf(address: string): Promise<Operation[]> {
  const { paths } = (await (await fetch(`${address}/openapi.json`)).json()) as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'head')
      .map((method) => ({ method: method.toUpperCase(), path: path.replace(/\/$/, '') })),
  );
}

/** What the operator has answered well, by its own log. */
function answeredIn(log: string): { method: string; path: string }[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"msg":"Answered"'))
    .map((line) => JSON.parse(line) as { method: string; path: string; status: number })
    .filter(({ status }) => status < 300);
}

describe('docs/api.md', () => {
  let operator: RunningOperator;
  let address: string;
  let shell: Shell;

  beforeAll(async () => {
    await prepare('api-docs', { generatedSecrets: true });
    operator = await startOperator({ GENERATED_SECRETS: 'true' });
    address = /"api":"([^"]+)"/.exec(operator.output())?.[1] ?? '';
    shell = openShell();
  });
  afterAll(async () => {
    shell.end();
    await operator.stop();
    await cleanUp('team-a');
    await cleanUp('api-docs');
  });

  it('shows what its commands print, in their order, and calls every route', async () => {
    expect(calls.filter(({ command }) => command.includes(ADDRESS))).toEqual([calls[0]]);
    for (const call of calls) {
      await follow(shell, { ...call, command: call.command.replace(ADDRESS, `API=${address}`) });
    }

    const answered = answeredIn(operator.output());
    const operations = await operationsOf(address);
    const silent = operations.filter(({ method, path }) => {
      const pattern = new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
      return !answered.some((one) => one.method === method && pattern.test(one.path));
    });
    expect(operations.length).toBeGreaterThan(30);
    expect(silent, 'routes that no command of the page calls').toEqual([]);
  });

  it('says for every route which rights it takes', async () => {
    const [, table = ''] = /^\| Route \|.*\n\|[-| ]+\n((?:\|.*\n)+)/m.exec(page) ?? [];
    const named = [...table.matchAll(/`(GET|POST|PATCH|DELETE) ([^`]+)`/g)].map(
      ([, method, path]) => `${method} ${path}`,
    );
    const operations = (await operationsOf(address)).map(({ method, path }) => `${method} ${path}`);

    expect(new Set(named)).toEqual(new Set(operations));
  });

  it('would see an answer that is another', () => {
    expect(notAnswered('{"a": "1.1.0", "b": 2}', '{"a": "1.2.0", ...}')).toContain('1.2.0');
    expect(notAnswered('{"a": 1, "b": "x y"}', '{"a": 1, ..."b":"x y"}')).toBeUndefined();
    expect(notAnswered('{"a": 1, "b": 2}', '{"a": 1')).toBeDefined();
    expect(notAnswered('{"a": 1, "b": 2}', '"a": 1, "b": 2}')).toBeDefined();
    expect(notAnswered('{"b": "x  y"}', '{"b": "x y"}')).toBeDefined();
  });
});
