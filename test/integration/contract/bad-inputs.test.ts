import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readAudit } from '../../control-plane/audit.ts';
import {
  auditLog,
  cleanUp,
  installation,
  prepare,
  provider,
  release,
  software,
  softwareRelease,
} from '../support/cluster.ts';
import { apply, eventually, get, kubectl, run, waitFor, type InstallationObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';

/**
 * Bad input gets a clear answer at the earliest place and never disturbs what runs: either the apiserver refuses it with
 * a message that names the field, or the installation says what is wrong while its pods stay untouched.
 */
const namespace = 'bad-inputs';
const good = { provider: 'good/web', version: '1.1.0', resourceTier: 'free', config: { A: '1' } };
let operator: RunningOperator;
let auditedFrom = 0;

beforeAll(async () => {
  await prepare(namespace);
  operator = await startOperator();
  await apply(
    provider(
      'good',
      '1.0.0',
      '1.1.0',
      release('1.2.0', { lifecycle: { stage: 'yanked', message: 'it loses orders' } }),
    ),
    installation(namespace, 'runs', good),
  );
  await waitFor('Ready', 'pi/runs', namespace);
  if (inject('controlPlane').disposable) {
    auditedFrom = (await readAudit(auditLog(), 0)).nextOffset;
  }
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

const names = (count: number) => Array.from({ length: count }, (_, i) => `K${i}`);
const pi = (spec: object, name = 'runs') => installation(namespace, name, spec);
const php = (wish: object) => pi({ ...good, systemSoftware: [{ name: 'php', ...wish }] });
const provides = (what: object) => software('bad', softwareRelease('bad', '1.0.0', { provides: what }));
const files = { image: 'registry.example.com/software/php:1.0.0', path: '/opt/php', mountPath: '/opt/php' };
const acme = (...versions: object[]) => provider('bad', ...versions);
const bad = (spec: object, name = 'bad.web') => ({
  apiVersion: 'provider-operator.io/v1alpha1',
  kind: 'Provider',
  metadata: { name },
  spec,
});

/** The objects that the apiserver refuses: [the fault, the object, words of the message]. */
const refused: [string, object, RegExp][] = [
  ['an unknown tier', pi({ ...good, resourceTier: 'huge' }), /spec\.resourceTier: Unsupported value: "huge"/],
  ['an unknown policy', pi({ ...good, upgradePolicy: 'always' }), /spec\.upgradePolicy: Unsupported value/],
  // The environment of a process ends its texts by it, so that no container starts with one.
  ['a NUL in the config', pi({ ...good, config: { A: 'x\0y' } }), /spec\.config\.A: Invalid value/],
  ['a NUL in the document root', pi({ ...good, documentRoot: '/\0' }), /spec\.documentRoot: Invalid value/],
  [
    'a NUL in a variable of a release',
    acme(release('1.0.0', { runtime: { env: [{ name: 'A', value: 'x\0y' }] } })),
    /runtime\.env\[0\]\.value: Invalid value/,
  ],
  [
    'another provider',
    pi({ ...good, provider: 'other/web' }),
    /spec\.provider: .*cannot be changed: delete the installation/,
  ],
  ['no provider', pi({ version: '1.0.0' }, 'new'), /spec\.provider: Required value/],
  [
    'a provider without an org',
    pi({ ...good, provider: 'web' }, 'new'),
    /spec\.provider: .*org\/name such as acme\/web/,
  ],
  ['an upper-case provider', pi({ provider: 'Acme/Web' }, 'new'), /spec\.provider: .*org\/name/],
  ['a v before the version', pi({ ...good, version: 'v1.0.0' }), /spec\.version: .*one exact version such as 1\.4\.2/],
  ['a version of two numbers', pi({ ...good, version: '1.0' }), /spec\.version: .*exact version/],
  ['a caret range', pi({ ...good, version: '^1.0.0' }), /spec\.version: .*no range/],
  ['a comparing range', pi({ ...good, version: '>=1.0.0' }), /spec\.version: .*no range/],
  ['a star', pi({ ...good, version: '*' }), /spec\.version/],
  ['latest', pi({ ...good, version: 'latest' }), /spec\.version/],
  ['build metadata', pi({ ...good, version: '1.0.0+build' }), /spec\.version: .*no build metadata/],
  ['a leading zero', pi({ ...good, version: '01.0.0' }), /spec\.version/],
  ['a number of ten digits', pi({ ...good, version: '1.0.1234567890' }), /spec\.version/],
  ['a version of 65 characters', pi({ ...good, version: `1.0.0-${'a'.repeat(59)}` }), /spec\.version: Too long/],
  ['an empty version', pi({ ...good, version: '' }), /spec\.version/],
  ['a version with unicode', pi({ ...good, version: '1.0.0-ü' }), /spec\.version/],
  ['a number for a version', pi({ ...good, version: 1 }), /spec\.version: Invalid value: "integer"/],
  [
    'a variable that begins with a digit',
    pi({ ...good, config: { '1A': 'x' } }),
    /spec\.config: .*environment variable name such as LOG_LEVEL/,
  ],
  ['a variable with a dash', pi({ ...good, config: { 'A-B': 'x' } }), /spec\.config: .*environment variable name/],
  ['a variable with unicode', pi({ ...good, config: { ÄH: 'x' } }), /spec\.config/],
  ['an empty variable', pi({ ...good, config: { '': 'x' } }), /spec\.config/],
  [
    'a variable of 129 characters',
    pi({ ...good, config: { ['A'.repeat(129)]: 'x' } }),
    /spec\.config: .*128 characters/,
  ],
  [
    '129 variables',
    pi({ ...good, config: Object.fromEntries(names(129).map((n) => [n, ''])) }),
    /spec\.config: Too many: .*at most 128/,
  ],
  [
    'more than 64 KiB of config',
    pi({ ...good, config: Object.fromEntries(names(9).map((n) => [n, 'x'.repeat(8000)])) }),
    /spec\.config: .*at most 65536 bytes in all: put large values into a ConfigMap or a Secret/,
  ],
  [
    'more than 64 KiB of config in few letters',
    pi({ ...good, config: Object.fromEntries(names(9).map((n) => [n, 'ü'.repeat(4000)])) }),
    /spec\.config: .*at most 65536 bytes in all/,
  ],
  [
    'more than 64 KiB of answers',
    pi({ ...good, userInputs: names(9).map((n) => ({ name: n.toLowerCase(), value: 'x'.repeat(8000) })) }),
    /spec\.userInputs: .*at most 65536 bytes in all/,
  ],
  [
    'a value of 40 KiB',
    pi({ ...good, config: { A: 'x'.repeat(40_960) } }),
    /spec\.config\.A: Too long: may not be more than 8192/,
  ],
  ['a number for a value', pi({ ...good, config: { A: 1 } }), /spec\.config\.A: Invalid value: "integer"/],
  ['an object for a value', pi({ ...good, config: { A: {} } }), /spec\.config\.A/],
  ['a list for config', pi({ ...good, config: ['A'] }), /spec\.config: Invalid value: "array"/],
  [
    'a variable twice in configFrom',
    pi({ ...good, configFrom: [ref('X'), ref('X')] }),
    /spec\.configFrom\[1\]: Duplicate value/,
  ],
  [
    'a variable in config and configFrom',
    pi({ ...good, configFrom: [ref('A')] }),
    /spec\.configFrom: .*config and configFrom set the same variable/,
  ],
  [
    'configFrom without a source',
    pi({ ...good, configFrom: [{ name: 'X' }] }),
    /spec\.configFrom\[0\]: .*exactly one of secretKeyRef and configMapKeyRef/,
  ],
  [
    'configFrom with two sources',
    pi({ ...good, configFrom: [{ ...ref('X'), configMapKeyRef: { name: 'a', key: 'b' } }] }),
    /exactly one of/,
  ],
  [
    'a Secret that nobody can create',
    pi({ ...good, configFrom: [{ name: 'X', secretKeyRef: { name: 'My Secret', key: 'k' } }] }),
    /spec\.configFrom\[0\]\.secretKeyRef\.name: .*Must be the name of a Secret such as shop-db/,
  ],
  [
    'a key that no ConfigMap has',
    pi({ ...good, configFrom: [{ name: 'X', configMapKeyRef: { name: 'c', key: '..' } }] }),
    /spec\.configFrom\[0\]\.configMapKeyRef\.key: .*Must be a key of a ConfigMap/,
  ],
  [
    'a range for software',
    php({ version: '^8.3.0' }),
    /spec\.systemSoftware\[0\]\.version: .*one exact version such as/,
  ],
  ['software of two numbers', php({ version: '8.3' }), /spec\.systemSoftware\[0\]\.version: .*exact version/],
  [
    'an unknown policy for software',
    php({ updatePolicy: 'minor' }),
    /systemSoftware\[0\]\.updatePolicy: Unsupported value: "minor": supported values: "inherit", "none", "patchLevel", "all"/,
  ],
  [
    'software twice',
    pi({ ...good, systemSoftware: [{ name: 'php' }, { name: 'php' }] }),
    /spec\.systemSoftware\[1\]: Duplicate value/,
  ],
  [
    'software with two dashes',
    pi({ ...good, systemSoftware: [{ name: 'p--p' }] }),
    /systemSoftware\[0\]\.name: .*without --/,
  ],
  [
    'software without a name',
    pi({ ...good, systemSoftware: [{ version: '8.3.12' }] }),
    /systemSoftware\[0\]\.name: Required value/,
  ],
  ['an unknown field', pi({ ...good, replicas: 3 }), /unknown field "spec\.replicas"/],
  ['an unknown field within', pi({ ...good, upgrade: { speed: 'fast' } }), /unknown field "spec\.upgrade\.speed"/],
  [
    'no spec',
    { apiVersion: 'provider-operator.io/v1alpha1', kind: 'ProviderInstallation', metadata: { name: 'new', namespace } },
    /spec: Required value/,
  ],
  ['null for the provider', pi({ provider: null }, 'new'), /spec\.provider/],
  ['text for suspend', pi({ ...good, suspend: 'yes' }), /spec\.suspend: Invalid value: "string"/],
  ['a dot in the name', pi(good, 'shop.web'), /metadata\.name must be at most 52 of a-z, 0-9 and -/],
  ['a name that begins with a digit', pi(good, '1shop'), /metadata\.name must be/],
  ['a name of 53 characters', pi(good, 'a'.repeat(53)), /metadata\.name must be/],
  [
    'the org installed',
    bad({ org: 'installed', name: 'web' }, 'installed.web'),
    /spec\.org: .*Must not be install or installed/,
  ],
  ['an org with two dashes', bad({ org: 'a--b', name: 'web' }, 'a--b.web'), /spec\.org: .*without --/],
  [
    'an org of 32 characters',
    bad({ org: 'a'.repeat(32), name: 'web' }, `${'a'.repeat(32)}.web`),
    /spec\.org: Too long/,
  ],
  ['a name that is not <org>.<name>', bad({ org: 'acme', name: 'web' }, 'web'), /metadata\.name must be acme\.web/],
  ['a release twice', acme(release('1.0.0'), release('1.0.0')), /spec\.versions\[1\]: Duplicate value/],
  ['a release without an image', acme({ version: '1.0.0' }), /spec\.versions\[0\]\.image: Required value/],
  ['a release with an empty image', acme(release('1.0.0', { image: '' })), /spec\.versions\[0\]\.image/],
  ['a release with v', acme(release('v1.0.0')), /spec\.versions\[0\]\.version: .*exact version/],
  [
    'a port of 70000',
    acme(release('1.0.0', { runtime: { ports: [{ name: 'a', containerPort: 70_000 }] } })),
    /containerPort: .*65535/,
  ],
  [
    'a port without a name',
    acme(release('1.0.0', { runtime: { ports: [{ containerPort: 80 }] } })),
    /ports\[0\]\.name: Required value/,
  ],
  [
    'a port whose name is a number',
    acme(release('1.0.0', { runtime: { ports: [{ name: '8080', containerPort: 80 }] } })),
    /ports\[0\]\.name: .*Must be a port name such as http: .*with a letter and without --/,
  ],
  ['an image with a space', acme(release('1.0.0', { image: 'a b' })), /image: .*Must be an image such as .*without/],
  [
    'a mountPath with a colon',
    acme(release('1.0.0', { runtime: { volumeMounts: [{ name: 'a', mountPath: '/a:b' }] } })),
    /mountPath: .*Must not contain a colon/,
  ],
  [
    'a file outside of its volume',
    acme(
      release('1.0.0', {
        runtime: { volumes: [{ name: 'a', configMap: { name: 'b', items: [{ key: 'c', path: '../d' }] } }] },
      }),
    ),
    /configMap\.items\[0\]\.path: Invalid value: "\.\.\/d"/,
  ],
  [
    'a field that no volume can have',
    acme(
      release('1.0.0', {
        runtime: { volumes: [{ name: 'a', downwardAPI: { items: [{ path: 'b', fieldPath: 'spec.nope' }] } }] },
      }),
    ),
    /fieldPath: Invalid value: "spec\.nope"/,
  ],
  [
    'a capability without what it comes with',
    acme(release('1.0.0', { runtime: { securityContext: { addCapabilities: ['CAP_SYS_ADMIN'] } } })),
    /securityContext: .*set allowPrivilegeEscalation true, too/,
  ],
  [
    'two ports of one number',
    acme(
      release('1.0.0', {
        runtime: {
          ports: [
            { name: 'a', containerPort: 80 },
            { name: 'b', containerPort: 80 },
          ],
        },
      }),
    ),
    /same containerPort and protocol/,
  ],
  [
    'a volume on the node',
    acme(release('1.0.0', { runtime: { volumes: [{ name: 'a', hostPath: { path: '/' } }] } })),
    /unknown field ".*hostPath"/,
  ],
  [
    'a volume without a source',
    acme(release('1.0.0', { runtime: { volumes: [{ name: 'a' }] } })),
    /exactly one of emptyDir, configMap, secret and downwardAPI/,
  ],
  [
    'a probe of two kinds',
    acme(release('1.0.0', { runtime: { readinessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } } })),
    /exactly one of httpGet, tcpSocket and exec/,
  ],
  [
    'a bad quantity',
    bad({ org: 'bad', name: 'web', tiers: { free: { resources: { limits: { cpu: 'lots' } } } } }),
    /spec\.tiers\.free\.resources\.limits\.cpu/,
  ],
  [
    'a negative quantity',
    bad({ org: 'bad', name: 'web', tiers: { free: { resources: { limits: { cpu: -5 } } } } }),
    /limits\.cpu: .*greater than or equal to 0/,
  ],
  [
    'a quantity in words of its own',
    bad({ org: 'bad', name: 'web', tiers: { free: { resources: { limits: { memory: '256mb' } } } } }),
    /limits\.memory: .*Must be a quantity such as 500m, 2 or 512Mi/,
  ],
  [
    'a tier that promises more processor than it allows',
    bad({
      org: 'bad',
      name: 'web',
      tiers: { free: { resources: { requests: { cpu: 2 }, limits: { cpu: '1500m' } } } },
    }),
    /spec\.tiers\.free\.resources: .*Set requests\.cpu to limits\.cpu or less/,
  ],
  [
    'a tier that promises more memory than it allows',
    bad({
      org: 'bad',
      name: 'web',
      tiers: { free: { resources: { requests: { memory: '2Gi' }, limits: { memory: '2000Mi' } } } },
    }),
    /spec\.tiers\.free\.resources: .*Set requests\.memory to limits\.memory or less/,
  ],
  [
    'a downwardAPI volume of nothing',
    acme(release('1.0.0', { runtime: { volumes: [{ name: 'a', downwardAPI: { items: [] } }] } })),
    /items: .*at least 1/,
  ],
  ['an unknown stage', acme(release('1.0.0', { lifecycle: { stage: 'old' } })), /lifecycle\.stage: Unsupported value/],
  ['no time in releasedAt', acme(release('1.0.0', { releasedAt: 'soon' })), /releasedAt: .*date-time/],
  [
    'a dependency twice',
    acme(
      release('1.0.0', {
        systemSoftwareDependencies: [
          { name: 'php', range: '*' },
          { name: 'php', range: '^8.0.0' },
        ],
      }),
    ),
    /systemSoftwareDependencies\[1\]: Duplicate value/,
  ],
  ['a SystemSoftware with two dashes', software('p--p'), /metadata\.name: Must be a DNS label .*without --/],
  ['a SystemSoftware with a dot', software('php.8'), /metadata\.name: Must be a DNS label of at most 31 characters/],
  ['a SystemSoftware of 32 characters', software('a'.repeat(32)), /metadata\.name: .*at most 31 characters/],
  ['a version of software with v', software('bad', 'v1.0.0'), /spec\.versions\[0\]\.version: .*exact version/],
  ['a version of software twice', software('bad', '1.0.0', '1.0.0'), /spec\.versions\[1\]: Duplicate value/],
  [
    'an image without a mountPath',
    provides({ image: files.image, path: files.path }),
    /provides: .*Must have all of image, path and mountPath, or none of them/,
  ],
  [
    'a mountPath without an image',
    provides({ mountPath: '/opt' }),
    /provides: .*Must have all of image, path and mountPath/,
  ],
  [
    'a relative path',
    provides({ ...files, path: 'opt/php' }),
    /provides\.path: .*Must be an absolute path such as \/opt\/php/,
  ],
  [
    'a relative mountPath',
    provides({ ...files, mountPath: './php' }),
    /provides\.mountPath: .*Must be an absolute path/,
  ],
  [
    'a path that goes back up',
    provides({ ...files, path: '/opt/../etc' }),
    /provides\.path: .*Must be an absolute path/,
  ],
  [
    'files in place of everything',
    provides({ ...files, mountPath: '/' }),
    /provides\.mountPath: .*Must be an absolute path/,
  ],
  [
    'a variable of software with a dash',
    provides({ env: [{ name: 'PHP-VERSION', value: '8' }] }),
    /provides\.env\[0\]\.name: .*environment variable name/,
  ],
  [
    'another image for a published release',
    provider('good', release('1.0.0', { image: 'other' }), '1.1.0'),
    /image of a published version cannot change: publish a new version/,
  ],
  [
    'other ports for a published release',
    provider('good', '1.0.0', release('1.1.0', { runtime: {} })),
    /runtime of a published version cannot change/,
  ],
];

/** The faults that only the operator can see: [the fault, the spec, the reason, words of the message]. */
const stalled: [string, object, string, RegExp][] = [
  ['a reserved variable', { config: { LD_PRELOAD: 'x' } }, 'ReservedEnvName', /Remove "LD_PRELOAD" from config/],
  ['a reserved prefix', { config: { KUBERNETES_SERVICE_HOST: 'x' } }, 'ReservedEnvName', /"KUBERNETES_SERVICE_HOST"/],
  ['a reserved variable in configFrom', { configFrom: [ref('NODE_OPTIONS')] }, 'ReservedEnvName', /"NODE_OPTIONS"/],
  [
    'more than 64 KiB in config and userInputs together',
    {
      config: Object.fromEntries(names(5).map((n) => [n, 'x'.repeat(8000)])),
      userInputs: names(5).map((n) => ({ name: n.toLowerCase(), value: 'x'.repeat(8000) })),
    },
    'ConfigTooLarge',
    /Shorten config and userInputs to 65536 bytes/,
  ],
  ['a downgrade without consent', { version: '1.0.0' }, 'DowngradeRefused', /Set version 1\.1\.0 to stay/],
  ['a yanked version', { version: '1.2.0' }, 'Yanked', /1\.2\.0, it was yanked \(it loses orders\); 1\.1\.0 stays/],
];

function ref(name: string): object {
  return { name, secretKeyRef: { name: 's', key: 'k' } };
}

it('is a table of at least 40', () => {
  expect(refused.length + stalled.length).toBeGreaterThanOrEqual(40);
});

describe('the apiserver refuses', () => {
  it.each(refused)('%s', async (_, object, message) => {
    const { code, stderr } = await run(['apply', '-f', '-'], object);

    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });
});

describe('the operator holds, says why, and is Ready again after the undo', () => {
  it.each(stalled)('%s', async (_, spec, reason, message) => {
    await kubectl(['apply', '-f', '-'], pi({ ...good, ...spec }));
    await waitFor('Stalled', 'pi/runs', namespace);
    const { status } = await get<InstallationObject>('pi', 'runs', namespace);

    expect(status.conditions?.find((c) => c.type === 'Ready')).toMatchObject({ status: 'False', reason });
    expect(status.conditions?.find((c) => c.type === 'Stalled')?.message).toMatch(message);
    await eventually(async () => {
      const events = [
        'get',
        'events',
        '-n',
        namespace,
        `--field-selector=reason=${reason},involvedObject.name=runs`,
        '-o',
        'name',
      ];
      return (await kubectl(events)) !== '';
    });

    await kubectl(['apply', '-f', '-'], pi(good));
    await waitFor('Ready', 'pi/runs', namespace);
  });

  it('what is not there yet is waited for, not refused at once', async () => {
    await kubectl(['apply', '-f', '-'], pi({ ...good, version: '1.9.0' }));
    await waitFor('Reconciling', 'pi/runs', namespace);
    const { status } = await get<InstallationObject>('pi', 'runs', namespace);
    expect(status.conditions?.find((c) => c.type === 'Ready')).toMatchObject({
      reason: 'VersionNotFound',
      message: 'Set a published version of "good/web" instead of 1.9.0, such as 1.2.0, 1.1.0, 1.0.0',
    });
    await kubectl(['apply', '-f', '-'], pi(good));
    await waitFor('Ready', 'pi/runs', namespace);
  });

  it('null means absent, also for charts that render it and for server-side apply', async () => {
    const nulls = {
      ...good,
      config: { A: '1', B: null },
      configFrom: null,
      description: null,
      upgrade: { allowDowngradeTo: null },
      resourceTier: 'free',
      upgradePolicy: null,
    };
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], pi(nulls));
    await waitFor('Ready', 'pi/runs', namespace);
    await kubectl(['replace', '-f', '-'], pi(good));
    await waitFor('Ready', 'pi/runs', namespace);
  });
});

it('no Deployment or Service is written because of a bad input', async (context) => {
  context.skip(!inject('controlPlane').disposable, 'The audit log is only there on a control plane of our own');
  const { events } = await readAudit(auditLog(), auditedFrom);
  const ofOperator = events.filter((e) => e.userAgent.startsWith('provider-operator/'));
  const writes = ofOperator.filter((e) => !['get', 'list', 'watch'].includes(e.verb));

  expect(writes.length, 'the operator was at work').toBeGreaterThan(10);
  expect(writes.filter((e) => ['deployments', 'services', 'poddisruptionbudgets'].includes(e.resource))).toEqual([]);
  expect(
    ofOperator.filter((e) => e.code === 403),
    'its role allows all that it does',
  ).toEqual([]);
});
