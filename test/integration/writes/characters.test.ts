import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import * as fc from 'fast-check';
import { findConnection } from '../../../src/cluster/connection.ts';
import { createTransport, type Transport } from '../../../src/cluster/transport.ts';
import { createWriter } from '../../../src/cluster/write.ts';
import { cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  run,
  waitFor,
  type DeploymentObject,
  type KubernetesObject,
} from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import type { InstallationStatus } from '../../../src/api/installation.ts';

/** Every text that the schema accepts reaches the object byte for byte, in every write. */
const namespace = 'characters';
const CONFIG_MAPS = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true } as const;
let operator: RunningOperator;
let transport: Transport;

beforeAll(async () => {
  await prepare(namespace);
  const { kubeconfig } = inject('controlPlane');
  transport = createTransport({
    connection: await findConnection({ kubeconfig: [kubeconfig] }),
    userAgent: 'characters',
  });
  operator = await startOperator({}, 'defaults: {progressDeadlineSeconds: 10, stableSeconds: 0}');
  await apply(provider('acme', '1.0.0', '1.1.0'));
});
afterAll(() => operator.stop());
afterAll(() => transport.close());
afterAll(() => cleanUp(namespace));

/** Applies texts as the operator applies, and returns them as they were stored. */
async function stored(name: string, data: Record<string, string>): Promise<Record<string, string>> {
  const object = { metadata: { namespace, name }, data };
  const after = await createWriter(transport).apply<{ data?: Record<string, string> }>(CONFIG_MAPS, object, {
    fieldManager: 'characters',
    force: true,
  });
  return after.data ?? {};
}

const isScalar = (code: number) => code < 0xd8_00 || code > 0xdf_ff;

describe('an apply', () => {
  it('stores each character that there is, alone, among blanks and before the marks of a document', async () => {
    const STEP = 0x1_00_00;
    for (let from = 0; from < 0x11_00_00; from += STEP) {
      const codes = Array.from({ length: STEP }, (_, i) => from + i).filter(isScalar);
      const characters = codes.map((code) => String.fromCodePoint(code));
      const data = {
        alone: characters.join(''),
        ...(from === 0 && around(characters.filter((c) => /[^\p{L}\p{So}]/u.test(c)))),
      };

      expect(differing(data, await stored('every', data))).toEqual([]);
    }
  });

  it('stores any texts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 20 }), async (texts) => {
        const data = Object.fromEntries(texts.map((text, i) => [`k${i}`, text]));
        expect(await stored('any', data)).toEqual(data);
      }),
      { numRuns: 100 },
    );
  });

  function around(characters: readonly string[]): Record<string, string> {
    return {
      amongBlanks: characters.map((c) => ` ${c}\t${c} `).join('x'),
      beforeMarks: characters.map((c) => `${c}--- x${c}... y`).join(''),
    };
  }

  /** Where texts begin to differ; an assertion would print them whole. */
  function differing(before: Record<string, string>, after: Record<string, string>): string[] {
    return Object.entries(before).flatMap(([name, text]) => {
      const got = after[name] ?? '';
      let at = 0;
      while (at < text.length && text[at] === got[at]) {
        at += 1;
      }
      return text === got ? [] : [`${name} at ${at}: ${JSON.stringify(text.slice(at - 2, at + 3))}`];
    });
  }
});

/** Each stands for a report of texts that did not survive a write. */
const VALUES: readonly (readonly [report: string, value: string])[] = [
  ['kubernetes/kubernetes#58073', 'x\u007fy'],
  ['go-yaml/yaml#872', '\u0080\u0093quoted\u0094\u009f'],
  ['go-yaml/yaml#922', 'a\u0085b \u2028 c\t\u2029\td'],
  ['lava-sh/yaml-rs#131', 'line\u2028--- x\u0085... y'],
  ['SocialGouv/iterion#1663', 'x \u2028'],
  ['go-yaml/yaml#279', '😀👨‍👩‍👧\u{1FFFF}\u{10FFFF}'],
  ['decaporg/decap-cms#577', '\u007f😀\u2028'],
  ['travisghansen/kubernetes-client-php#12', 'https://example.com/x\\/y'],
  ['helm/helm#6081', '\ufeffx'],
  ['ansible-collections/kubernetes.core#627', '\u0001\u0008\u001f'],
  ['kcl-lang/kcl#2013', 'yes'],
  ['helm/helm#2782', '~'],
  ['helm/helm#6921', '72225e2'],
  ['Shopify/krane#818', '0o17'],
  ['go-yaml/yaml#124', 'a\r\nb\r'],
  ['kubernetes/kubernetes#36222', 'a \nb\t\n'],
  ['yarnpkg/berry#4270', `${'k'.repeat(2000)}: v`],
  ['U+FFFE and U+FFFF', 'x\ufffe\uffff'],
];

describe('a config', () => {
  it('reaches the pods as it is written, at the install and at an upgrade, and nothing is drifted', async () => {
    const config = Object.fromEntries(VALUES.map(([, value], i) => [`V${i}`, value]));
    await apply(installation(namespace, 'odd', { provider: 'acme/web', version: '1.0.0', config }));
    await waitFor('Ready', 'pi/odd', namespace);
    expect(await variables('odd')).toEqual(config);

    const later = { ...config, V0: `${VALUES[0]?.[1]}\u0085` };
    await kubectl([
      'patch',
      'pi',
      'odd',
      '-n',
      namespace,
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { version: '1.1.0', config: later } }),
    ]);
    await eventually(async () => (await status('odd')).currentVersion === '1.1.0');

    expect(await variables('odd')).toEqual(later);
    expect((await status('odd')).conditions?.find(({ type }) => type === 'Drifted')).toBeUndefined();
    // What is not in order is written again and again.
    const { metadata } = await get<DeploymentObject>('deployment', 'odd', namespace);
    await kubectl(['annotate', 'pi', 'odd', '-n', namespace, 'example.com/look=again']);
    expect((await get<DeploymentObject>('deployment', 'odd', namespace)).metadata.generation).toBe(metadata.generation);
  });

  async function variables(name: string): Promise<object> {
    const { spec } = await get<DeploymentObject>('deployment', name, namespace);
    const [container] = spec.template.spec.containers;
    return Object.fromEntries(
      (container?.env ?? []).filter((one) => /^V\d/.test(one.name)).map((one) => [one.name, one.value]),
    );
  }
});

async function status(name: string): Promise<InstallationStatus> {
  return (await get<KubernetesObject & { status: InstallationStatus }>('pi', name, namespace)).status;
}

describe('a rollback', () => {
  it('is written also where the cause has characters that YAML has not', async () => {
    const says = '\u0093Images come from the mirror\u0094 \u0085 \u2028 😀';
    await apply(
      installation(namespace, 'refused', { provider: 'acme/web', upgradePolicy: 'auto', upgrade: { range: '<1.1.0' } }),
    );
    await waitFor('Ready', 'pi/refused', namespace);
    await apply(...policy(says));
    await eventually(
      async () =>
        (await run(['annotate', 'deployment', 'refused', '-n', namespace, '--overwrite', 'probe=x'])).code !== 0,
    );
    await kubectl([
      'patch',
      'pi',
      'refused',
      '-n',
      namespace,
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/spec/upgrade"}]',
    ]);

    await eventually(async () => (await status('refused')).failedVersions?.[0]?.version === '1.1.0');
    const { currentVersion, failedVersions } = await status('refused');
    expect(currentVersion).toBe('1.0.0');
    expect(JSON.stringify(failedVersions)).toContain(says);
    await kubectl(['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', 'characters']);
  });

  function policy(message: string): object[] {
    const metadata = { name: 'characters' };
    const apiVersion = 'admissionregistration.k8s.io/v1';
    return [
      {
        apiVersion,
        kind: 'ValidatingAdmissionPolicy',
        metadata,
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            resourceRules: [
              { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] },
            ],
          },
          matchConditions: [
            {
              name: 'asked-for',
              expression: `object.metadata.namespace == '${namespace}' && object.metadata.name == 'refused'`,
            },
          ],
          validations: [{ expression: 'false', message }],
        },
      },
      {
        apiVersion,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata,
        spec: { policyName: 'characters', validationActions: ['Deny'] },
      },
    ];
  }
});
