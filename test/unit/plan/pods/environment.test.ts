import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isReserved, OperatorConfig } from '../../../../src/api/operator-config.ts';
import { ENV_ENTRY, isNamedBy, RESERVED_ENV } from '../../../../src/api/reserved-env.ts';
import { containerEnv, escapeExpansion, readConfiguration } from '../../../../src/plan/pods/environment.ts';
import { config, installation, noReferences } from '../../../support/builders.ts';

function read(spec: Parameters<typeof installation>[0], references = noReferences) {
  return readConfiguration(installation(spec).spec, references, config);
}

/** Expands a value as kubelet does when it knows no variable (third_party/forked/golang/expansion/expand.go). */
function expand(value: string): string {
  let out = '';
  for (let i = 0; i < value.length; i += 1) {
    if (value[i] !== '$' || i + 1 === value.length) {
      out += value[i];
    } else if (value[i + 1] === '$') {
      out += '$';
      i += 1;
    } else if (value[i + 1] === '(' && value.includes(')', i)) {
      i = value.indexOf(')', i);
      out += '<expanded>';
    } else {
      out += value[i];
    }
  }
  return out;
}

describe('config', () => {
  it('renders sorted by name, so that the order of keys never rolls pods', () => {
    expect(read({ config: { B: '2', A: '1' } })).toEqual(read({ config: { A: '1', B: '2' } }));
    expect(read({ config: { B: '2', A: '1' } })).toMatchObject({
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    });
  });

  it('keeps an empty value as a set variable', () => {
    expect(read({ config: { EMPTY: '' } })).toMatchObject({ env: [{ name: 'EMPTY' }] });
  });

  it.each(['LD_PRELOAD', 'NODE_OPTIONS', 'KUBERNETES_SERVICE_HOST', 'DOCUMENT_ROOT', 'PATH'])(
    'refuses %s and names it',
    (name) => {
      const problem = read({ config: { [name]: 'x', FINE: 'y' } });
      expect(problem).toMatchObject({
        kind: 'problem',
        reason: 'ReservedEnvName',
        message: expect.stringContaining(`"${name}"`) as string,
      });
    },
  );

  it('names no more than a few reserved variables: a message is to be read', () => {
    const config = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`KUBERNETES_${'X'.repeat(100)}${i}`, '']));
    expect((read({ config }) as { message: string }).message.length).toBeLessThan(1000);
  });

  it('refuses more than 64 KiB in all', () => {
    const all = Array.from({ length: 5 }, (_, i) => ({ name: `k${i}`, value: 'x'.repeat(8000) }));
    const values = Object.fromEntries(all.map(({ name, value }) => [name, value]));
    expect(read({ config: values, userInputs: all })).toMatchObject({ kind: 'problem', reason: 'ConfigTooLarge' });
  });

  it('reaches the process literally, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '(', ')', 'X', ' ') }), (value) => {
        expect(expand(escapeExpansion(value))).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('configFrom', () => {
  const configFrom = [{ name: 'A', configMapKeyRef: { name: 'settings', key: 'a' } }];

  it('waits for a ConfigMap that may still be delivered', () => {
    expect(read({ configFrom })).toMatchObject({ reason: 'ConfigMapNotFound', patience: 'grace' });
  });

  it('has another hash when the content changes, and the same variables', () => {
    const [one, two] = ['1', '2'].map((hash) => read({ configFrom }, { content: () => ({ kind: 'hash', hash }) }));
    expect(one).toMatchObject({ env: (two as { env: unknown }).env });
    expect((one as { hash: string }).hash).not.toBe((two as { hash: string }).hash);
  });

  it('has the same hash in whatever order it is written', () => {
    const two = [...configFrom, { name: 'B', configMapKeyRef: { name: 'settings', key: 'b' } }];
    const content = (_: string, __: string, key: string) => ({ kind: 'hash', hash: key }) as const;
    expect(read({ configFrom: two }, { content })).toEqual(read({ configFrom: two.toReversed() }, { content }));
  });

  it('does not ask for Secrets that are not watched', () => {
    const secret = [{ name: 'A', secretKeyRef: { name: 's', key: 'k' } }];
    expect(read({ configFrom: secret })).toMatchObject({
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    });
  });
});

describe('the environment of a container', () => {
  const layers = { config: [], inputs: [], documentRoot: undefined, software: [], release: [] };
  const says = (value: string, ...names: string[]) => names.map((name) => ({ name, value }));

  it('has each name once: config goes before inputs, those before the system software, that before the release', () => {
    const env = containerEnv({
      config: says('config', 'A'),
      inputs: says('input', 'A', 'B'),
      documentRoot: '/public',
      software: says('software', 'A', 'B', 'C'),
      release: says('release', 'A', 'B', 'C', 'D', 'DOCUMENT_ROOT'),
    });

    expect(Object.fromEntries(env.map(({ name, value }) => [name, value]))).toEqual({
      A: 'config',
      B: 'input',
      C: 'software',
      D: 'release',
      DOCUMENT_ROOT: '/public',
    });
    expect(new Set(env.map((e) => e.name)).size).toBe(env.length);
  });

  it('has what the tenant sets before what may refer to it, and keeps the order of the release', () => {
    const env = containerEnv({
      ...layers,
      config: says('', 'Z_CONFIG'),
      inputs: says('', 'ZZ_INPUT'),
      documentRoot: '/public',
      software: says('$(ZZ_INPUT)', 'SOFTWARE'),
      release: [...says('$(Z_CONFIG)', 'Z_RELEASE'), ...says('$(Z_RELEASE) $(DOCUMENT_ROOT) $(SOFTWARE)', 'A_RELEASE')],
    });

    expect(env.map((e) => e.name)).toEqual([
      'ZZ_INPUT',
      'Z_CONFIG',
      'DOCUMENT_ROOT',
      'SOFTWARE',
      'Z_RELEASE',
      'A_RELEASE',
    ]);
  });

  it('is the same in whatever order the tenant wrote it', () => {
    const [a, b] = [says('1', 'A'), says('2', 'B')];

    expect(containerEnv({ ...layers, config: a, inputs: b })).toEqual(
      containerEnv({ ...layers, config: b, inputs: a }),
    );
  });
});

it.each([
  ['LD_PRELOAD', ['LD_*'], true],
  ['LD', ['LD_*'], false],
  ['PATH', ['PATH'], true],
  ['PATHS', ['PATH'], false],
])('%s is named by %s: %s', (name, list, isNamed) => {
  expect(isNamedBy(name, list)).toBe(isNamed);
});

describe('what runs code for who sets it is reserved', () => {
  // shipwright-io/build#2271, openclaw/openclaw#43685 and #91618, QwenLM/qwen-code#8663, openssl/openssl#5820, sudo's own table
  it.each(
    [
      'LD_PRELOAD LD_AUDIT GCONV_PATH GLIBC_TUNABLES OPENSSL_CONF OPENSSL_MODULES MALLOC_CONF HOSTALIASES',
      'BASH_ENV ENV SHELLOPTS BASHOPTS PS4 BASH_FUNC_ls IFS FPATH ZDOTDIR PROMPT_COMMAND LESSOPEN SSH_ASKPASS',
      'NODE_OPTIONS NODE_PATH PYTHONPATH PYTHONHOME PYTHONWARNINGS BROWSER PYTHONSTARTUP PERL5OPT PERL5DB PERLLIB',
      'RUBYOPT RUBYLIB JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS JAVA_OPTS CLASSPATH DOTNET_STARTUP_HOOKS',
      'CORECLR_PROFILER_PATH PHPRC PHP_INI_SCAN_DIR LUA_INIT LUA_INIT_5_4 LUA_CPATH ERL_FLAGS ERL_AFLAGS ERL_ZFLAGS',
      'R_PROFILE TCLLIBPATH PSMODULEPATH GIT_SSH_COMMAND GIT_CONFIG_COUNT GOFLAGS RUSTC_WRAPPER MAKEFLAGS HGRCPATH',
      'NPM_CONFIG_SCRIPT_SHELL npm_config_node_options KUBERNETES_SERVICE_HOST DOCUMENT_ROOT HOSTNAME PATH',
    ].flatMap((line) => line.split(' ')),
  )('%s', (name) => {
    expect(isReserved(name, config)).toBe(true);
    expect(read({ config: { [name]: 'x' } })).toMatchObject({ kind: 'problem', reason: 'ReservedEnvName' });
  });

  it.each(
    'LOG_LEVEL TZ LANG LC_ALL HOME TERM HTTP_PROXY NO_PROXY DATABASE_URL PORT DEBUG NODE_ENV RAILS_ENV LDAP_URL PATHS'.split(
      ' ',
    ),
  )('and %s is not', (name) => {
    expect(isReserved(name, config)).toBe(false);
  });

  it('each entry is written so that it stands for its own name, and once', () => {
    expect(RESERVED_ENV).toEqual([...new Set(RESERVED_ENV)]);
    expect(RESERVED_ENV.filter((entry) => !ENV_ENTRY.test(entry))).toEqual([]);
  });

  it.each<[what: string, operator: object, name: string, reserved: boolean]>([
    ['adds to it', { reservedEnvNames: ['LATER', 'ACME_*'] }, 'ACME_TOKEN', true],
    ['and keeps it', { reservedEnvNames: ['LATER'] }, 'LD_PRELOAD', true],
    ['takes away by name', { unreservedEnvNames: ['JAVA_OPTS'] }, 'JAVA_OPTS', false],
    ['takes away one of a prefix', { unreservedEnvNames: ['GIT_AUTHOR_NAME'] }, 'GIT_AUTHOR_NAME', false],
    ['and no other of it', { unreservedEnvNames: ['GIT_AUTHOR_NAME'] }, 'GIT_SSH', true],
  ])('the platform %s', (_, operator, name, reserved) => {
    expect(isReserved(name, OperatorConfig.parse(operator))).toBe(reserved);
  });

  it.each(['', '*', 'A*B', 'A-B', ' LD_*'])('%j is no entry of a list of the platform', (entry) => {
    expect(OperatorConfig.safeParse({ reservedEnvNames: [entry] }).success).toBe(false);
  });
});
