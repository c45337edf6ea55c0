import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { eventually } from '../support/kubectl.ts';
import { PATIENTLY } from '../support/patience.ts';
import { fences } from './page.ts';

/** The demo boots a control plane, so it needs the same as a disposable one. */
const { disposable } = inject('controlPlane');
const readme = readFileSync('README.md', 'utf8');
const upgrades = readFileSync('docs/upgrades.md', 'utf8');

/** Lines of README that no demo prints, each with the test that runs it. */
const runElsewhere = new Map([
  ['npm run demo', 'below'],
  ['npm run demo -- --once', 'below'],
  ['npm test', 'it runs this'],
  ['npm run e2e', '.ci/run'],
  [
    'helm install provider-operator charts/provider-operator --namespace provider-operator-system --create-namespace --wait',
    'test/integration/chart/lifecycle.test.ts, as docs/install.md has it',
  ],
  ['kubectl apply --server-side -k deploy/', 'the same'],
  ['npm start', 'test/integration/support/operator.ts'],
]);

interface Demo {
  readonly pid: number;
  readonly lines: string[];
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ code: number | null }>;
}

function startDemo(args: readonly string[], env: Readonly<Record<string, string>> = {}): Demo {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ['demo/main.ts', ...args], {
    // With npm's variable set, the demo notices the end of the process that started it, also by SIGKILL.
    env: { ...inherited, npm_lifecycle_event: 'demo', NO_COLOR: '1', ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  let pending = '';
  function take(chunk: Buffer): void {
    const [...complete] = `${pending}${chunk.toString()}`.split('\n');
    pending = complete.pop() ?? '';
    lines.push(...complete);
  }
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    pid: child.pid!,
    lines,
    kill: (signal) => void child.kill(signal),
    ended: ended.then((code) => ({ code })),
  };
}

/** Waits for the first line that matches, and returns its captured part. */
function printed(demo: Demo, line: RegExp): Promise<string> {
  return eventually(async () => demo.lines.map((l) => line.exec(l)?.[1]).find((rest) => rest !== undefined));
}

/** Replaces ages, times, ports, directories and names of pods by words, and ignores the width of columns. */
function normalise(line: string): string {
  return line
    .replace(/\/\S*\/provider-operator-cluster-\w+/, '<directory>')
    .replace(/127\.0\.0\.1:\d+/, '127.0.0.1:<port>')
    .replace(/\(\d+ s\b/, '(<n> s')
    .replaceAll(/\b(blog|shop)-[0-9a-f]{6,10}-\w{5}\b/g, '<pod of $1>')
    .replaceAll(/ended \d times/g, 'ended <n> times')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '<time>')
    .replaceAll(/(?<= |^)(\d+m)?\d+s(?= |$)/g, '<age>')
    .replaceAll(/ {2,}/g, '  ')
    .trimEnd();
}

/** The first part of `excerpt` that `whole` does not have in this order. Only `...` may stand for left-out lines. */
function notIn(whole: readonly string[], excerpt: readonly string[]): string | undefined {
  const text = `\n${whole.map(normalise).join('\n')}\n`;
  let from = 0;
  return excerpt
    .map(normalise)
    .join('\n')
    .split(/^\.\.\.$/m)
    .map((part) => part.trim())
    .find((part) => {
      const at = text.indexOf(`\n${part}\n`, from);
      from = at + part.length + 1;
      return at === -1;
    });
}

/** A command line without its prompt and without the comment after it. */
function commandOf(line: string): string | undefined {
  return /^(?:\$ | {2})?(?:sudo )?((?:kubectl|helm|npm) .*?)(?: +# .*)?$/.exec(line)?.[1];
}

interface Example {
  readonly command: string;
  readonly output: readonly string[];
}

/** The commands of a page in order, each with the output that the page shows. */
function examplesOf(page: string): Example[] {
  return fences('console', page)
    .flatMap((lines) => lines.join('\n').split(/^\$ /m).slice(1))
    .map((example) => {
      const [command = '', ...output] = example.trimEnd().split('\n');
      return { command, output };
    });
}

/** Runs an example as a person would. A command that only looks is repeated until it prints what the page shows. */
async function follow({ command, output }: Example, env: NodeJS.ProcessEnv): Promise<void> {
  // This machine may be busier than a reader's.
  const patient = command.replace(/--timeout=\d+s/, PATIENTLY);
  async function attempt(): Promise<true> {
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', patient], { env, encoding: 'utf8' });
    const missing = notIn(stdout.split('\n'), output);
    expect(missing, `"${command}" does not print that, but:\n${stdout}${stderr}`).toBeUndefined();
    return true;
  }
  const onlyLooks = /^kubectl (get|describe|events) /.test(command);
  await (onlyLooks ? eventually(attempt) : attempt());
}

describe.skipIf(!disposable)('npm run demo', () => {
  it('tells the story and ends; README shows it as it is', async () => {
    const demo = startDemo(['--once']);

    const { code } = await demo.ended;

    expect(code, demo.lines.join('\n')).toBe(0);
    const story = demo.lines.filter((line) => !line.startsWith('  ... waiting for ')).map((line) => line.trimEnd());
    let rest = story.join('\n');
    for (const scene of [
      /blog +acme\/web +1\.0\.0 +1\.0\.0 +auto +free +True +UpToDate +False /,
      /shop +acme\/web +1\.0\.0 +1\.0\.0 +manual +standard +True +UpToDate +False /,
      /blog +acme\/web +1\.1\.0 +1\.1\.0 +auto +free +True +UpToDate +False /,
      /shop +acme\/web +1\.0\.0 +1\.0\.0 +manual +standard +True +UpgradeAvailable +True /,
      /shop +acme\/web +1\.1\.0 +1\.1\.0 +manual +standard +True +UpToDate +False /,
      /UpgradeHealthy=False RolledBack: .*1\.2\.0 failed: its container/,
      /blog +acme\/web +1\.2\.1 +1\.2\.1 +auto +free +True +UpToDate +False /,
      /DriftHealed .*spec\.replicas was changed by "kubectl"/,
    ]) {
      const next = scene.exec(rest);
      expect(next, `${scene} does not come next in:\n${rest}`).not.toBeNull();
      rest = rest.slice((next?.index ?? 0) + (next?.[0].length ?? 0));
    }
    const [recorded] = fences('console', readme);
    expect(notIn(story, recorded!), 'in README, and the demo does not print it').toBeUndefined();
    const another = recorded!.map((line) => line.replace(/^(shop .*)1\.1\.0/, '$11.2.0'));
    expect(notIn(story, another), 'the comparison sees a difference').toContain('1.2.0');
  });

  it('stays, and what it, README and docs/upgrades.md propose works', async () => {
    const demo = startDemo([]);
    await printed(demo, /^(The cluster stays until \^C)/);
    const [kubeconfig, path] = await Promise.all([
      printed(demo, /^ {2}export KUBECONFIG=(\S+)/),
      printed(demo, /^ {2}export PATH=(\S+):/),
    ]);
    const env = { ...process.env, KUBECONFIG: kubeconfig, PATH: `${path}:${process.env['PATH']}` };
    const proposed = demo.lines.filter((line) => line.startsWith('  kubectl ')).map((line) => line.trim());
    expect(proposed.length).toBeGreaterThan(5);

    const examples = examplesOf(upgrades);
    expect(examples.length).toBeGreaterThan(10);
    for (const example of examples) {
      await follow(example, env);
    }
    for (const line of proposed.filter((l) => !l.endsWith(' -w'))) {
      const { status, stderr } = spawnSync('/bin/sh', ['-c', line], { env, encoding: 'utf8' });
      expect(status, `${line}: ${stderr}`).toBe(0);
    }
    for (const manifest of [
      ...globSync('examples/**/*.yaml').map((file) => readFileSync(file, 'utf8')),
      ...[readme, upgrades].flatMap((page) => fences('yaml', page)).map((lines) => lines.join('\n')),
    ]) {
      const args = ['apply', '--dry-run=server', '--validate=strict', '-f', '-'];
      const { status, stderr } = spawnSync('kubectl', args, { env, input: manifest, encoding: 'utf8' });
      expect(status, `${manifest}: ${stderr}`).toBe(0);
    }
    const shown = demo.lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
    const inReadme = readme
      .split(/^```\w*$/m)
      .filter((_, index) => index % 2 === 1)
      .flatMap((fence) => fence.split('\n').flatMap((line) => commandOf(line) ?? []));
    expect(inReadme.length).toBeGreaterThan(10);
    expect(inReadme.filter((line) => !new Set([...shown, ...proposed, ...runElsewhere.keys()]).has(line))).toEqual([]);
    expect([...runElsewhere.keys()].filter((line) => !inReadme.includes(line))).toEqual([]);

    // One ^C sends two signals: one from the terminal, and one that npm passes on.
    demo.kill('SIGINT');
    await printed(demo, /^(Removing everything)/);
    demo.kill('SIGINT');
    expect(await demo.ended).toMatchObject({ code: 0 });
    expect(demo.lines.at(-1)).toMatch(/^Everything is removed/);
    expect(existsSync(kubeconfig)).toBe(false);
  });

  it('says what the operator said last when it fails, and leaves nothing', async () => {
    const demo = startDemo(['--once']);
    const log = await printed(demo, /^Its log is (.*)/);
    const operator = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/ +/))
      .find(([, parent, ...args]) => parent === String(demo.pid) && args.at(-1) === 'src/main.ts');
    process.kill(Number(operator?.[0]), 'SIGKILL');

    expect(await demo.ended).toMatchObject({ code: 1 });
    const text = demo.lines.join('\n');
    expect(text).toContain('The demo has failed: The operator has ended by itself: SIGKILL');
    expect(text).toMatch(/The operator's last lines:\n.*"msg":"Starting"/);
    expect(existsSync(log)).toBe(false);
  });

  it('says what to install where it cannot build its control plane', async () => {
    const demo = startDemo(['--once'], { PATH: '/nowhere', XDG_CACHE_HOME: '/nowhere' });

    expect(await demo.ended).toMatchObject({ code: 1 });
    expect(demo.lines.at(-1)).toMatch(/^The demo has failed: .*install Go/);
  });
});
