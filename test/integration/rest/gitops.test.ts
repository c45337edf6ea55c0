import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import { apply, get, kubectl, type InstallationObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { addAccount, allowReviews, apiOf, ask, create, inShort, type Answer } from '../support/rest.ts';

/** The API beside tools that keep a field as their repository has it, and people who do not. */
const namespace = 'rest-gitops';
const SPEC = { provider: 'acme/web', version: '1.0.0', upgradePolicy: 'manual', resourceTier: 'free' };

interface Keeper {
  readonly by: string;
  /** Puts the installation there, or its version. */
  readonly put: (name: string) => Promise<string>;
  readonly manager: string;
  /** Where it says that the change has to be made. */
  readonly where: RegExp;
  readonly marks?: { readonly labels?: object; readonly annotations?: object };
}

const FLUX = { 'kustomize.toolkit.fluxcd.io/name': 'shops', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };
const HELM_FLUX = { 'helm.toolkit.fluxcd.io/name': 'shop', 'helm.toolkit.fluxcd.io/namespace': 'team' };
const TRACKED = { 'argocd.argoproj.io/tracking-id': 'shops:provider-operator.io/ProviderInstallation:rest-gitops/x' };

function serverSide(manager: string, marks: Keeper['marks'] = {}): Keeper['put'] {
  return (name) => {
    const object = installation(namespace, name, SPEC) as { metadata: object };
    const marked = { ...object, metadata: { ...object.metadata, ...marks } };
    return kubectl(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], marked);
  };
}

/** By an update, as tools do that came before server-side apply. */
function byUpdate(manager: string, marks: Keeper['marks'] = {}): Keeper['put'] {
  return (name) => {
    const object = installation(namespace, name, SPEC) as { metadata: object };
    const marked = { ...object, metadata: { ...object.metadata, ...marks } };
    return kubectl(['create', `--field-manager=${manager}`, '-f', '-'], marked);
  };
}

const KEEPERS: Keeper[] = [
  {
    by: 'Flux',
    put: serverSide('kustomize-controller', { labels: FLUX }),
    manager: 'kustomize-controller',
    where: /in the source of Kustomization "flux-system\/shops"/,
  },
  {
    by: 'a HelmRelease of Flux',
    put: byUpdate('helm-controller', { labels: HELM_FLUX }),
    manager: 'helm-controller',
    where: /in the source of HelmRelease "team\/shop"/,
  },
  {
    by: 'Argo CD with server-side apply',
    put: serverSide('argocd-controller', { annotations: TRACKED }),
    manager: 'argocd-controller',
    where: /in the source of Application "shops"/,
  },
  {
    // argoproj/argo-cd#20815: the same tool writes under a second name, by updates
    by: 'Argo CD without it',
    put: byUpdate('argocd-application-controller', { labels: { 'argocd.argoproj.io/instance': 'shops' } }),
    manager: 'argocd-application-controller',
    where: /in the source of Application "shops"/,
  },
  {
    by: 'Helm',
    put: byUpdate('helm', { annotations: { 'meta.helm.sh/release-name': 'shop' } }),
    manager: 'helm',
    where: /in the source of Helm release "shop"/,
  },
  {
    by: 'kubectl apply',
    put: (name) => apply(installation(namespace, name, SPEC)),
    manager: 'kubectl-client-side-apply',
    where: /where it takes it from, such as a Git repository or a chart/,
  },
  {
    by: 'any tool that applies',
    put: serverSide('our-own-tool'),
    manager: 'our-own-tool',
    where: /where it takes it from/,
  },
];
const keepers = KEEPERS.map((keeper, i) => ({ ...keeper, name: `kept${i}` }));

const tokens = new Map<string, string>();
let operator: RunningOperator;
beforeAll(async () => {
  await prepare(namespace);
  await allowReviews();
  tokens.set('edit', await addAccount(namespace, 'editor'));
  tokens.set('override', await addAccount(namespace, 'chief', 'override'));
  operator = await startOperator();
  await apply(provider('acme', '1.0.0', '1.1.0', '1.2.0'));
  for (const { put, name } of keepers) {
    await put(name);
  }
});
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

function asked(by: 'edit' | 'override', line: string, name: string, body?: object, query = ''): Promise<Answer> {
  const [method = '', verb = ''] = line.split(' ');
  const path = `/providers/installed/acme/web${verb && `/${verb}`}?installation=${name}${query}`;
  return ask(apiOf(operator), `${method} ${path}`, { token: tokens.get(by), body });
}

describe.each(keepers)('kept by $by', ({ name, manager, where }) => {
  const stored = () => get<InstallationObject>('pi', name, namespace);

  it.each([
    ['POST upgrade', { version: '1.1.0' }, 'spec.version'],
    ['POST upgrade', {}, 'spec.version'],
    ['POST deploy', { version: '1.1.0' }, 'spec.version'],
    ['DELETE', undefined, 'spec'],
  ] as const)(
    '%s %j is refused, says who keeps it and where to change it, and changes nothing',
    async (line, body, field) => {
      const before = await stored();

      const refused = await asked('override', line, name, body);

      expect(inShort(refused)).toBe('409 ManagedElsewhere');
      expect(refused.body.detail).toMatch(
        new RegExp(`^Change ${field.replace('.', '\\.')} .*: "${manager}" keeps it `),
      );
      expect(refused.body.detail).toMatch(where);
      expect((await stored()).metadata.generation).toBe(before.metadata.generation);
      expect((await stored()).metadata.annotations).toEqual(before.metadata.annotations);
    },
  );

  it('a dry run says the same, since it would come to that', async () => {
    expect(inShort(await asked('edit', 'POST upgrade', name, {}, '&dryRun=true'))).toBe('409 ManagedElsewhere');
  });

  it('what it does not keep can be changed', async () => {
    expect(inShort(await asked('edit', 'POST suspend', name, {}))).toBe('200');
    expect((await stored()).spec).toMatchObject({ suspend: true, version: '1.0.0' });
    expect(inShort(await asked('edit', 'POST resume', name, {}))).toBe('200');
    expect(inShort(await asked('edit', 'POST deploy', name, {}))).toBe('200');
    expect((await stored()).spec).toEqual(SPEC);
  });

  it('by force it is changed by whom the platform trusts with that, and by nobody else', async () => {
    const refused = await asked('edit', 'POST upgrade', name, { version: '1.1.0' }, '&force=true');
    expect(inShort(refused)).toBe('403 Forbidden');
    expect(refused.body.detail).toBe(
      `Ask for the verb "override" on providerinstallations.provider-operator.io: spec.version is kept by "${manager}"`,
    );
    expect((await stored()).spec['version']).toBe('1.0.0');

    const changed = await asked('override', 'POST upgrade', name, { version: '1.1.0' }, '&force=true');
    expect([changed.status, changed.body.installed_version]).toEqual([200, '1.1.0']);
    expect((await stored()).spec).toEqual({ ...SPEC, version: '1.1.0' });
  });

  it('its tool, run again, sets it back or says who changed it: the force was for once', async () => {
    const { managedFields = [] } = (await stored()).metadata;
    const owners = managedFields.filter(({ fieldsV1 }) => JSON.stringify(fieldsV1 ?? {}).includes('"f:version":{}'));

    expect(owners.map((entry) => entry.manager)).toContain('provider-operator-api');
  });

  it('it is deleted by force only', async () => {
    expect(inShort(await asked('edit', 'DELETE', name, undefined, '&force=true'))).toBe('403 Forbidden');
    expect(inShort(await asked('override', 'DELETE', name, undefined, '&force=true'))).toBe('204');
  });
});

describe('what people did does not keep a field', () => {
  // fluxcd/kustomize-controller#558: one object has entries of kubectl in several ways, and not each of them keeps
  it.each([
    ['kubectl edit', 'kubectl-edit'],
    ['kubectl patch', 'kubectl-patch'],
    ['kubectl create', 'kubectl-create'],
    ['a portal of one’s own', 'Mozilla'],
  ])('%s', async (_, manager) => {
    const name = manager.toLowerCase();
    await create(installation(namespace, name, SPEC));
    const edit = ['patch', 'pi', name, '-n', namespace, '--type=merge', `--field-manager=${manager}`];
    await kubectl([...edit, '-p', JSON.stringify({ spec: { version: '1.1.0' } })]);

    const changed = await asked('edit', 'POST upgrade', name, { version: '1.2.0' });

    expect([inShort(changed), changed.body.installed_version]).toEqual(['200', '1.2.0']);
  });

  it('nor does what the operator writes, nor this API itself', async () => {
    const body = { provider_name: 'acme/web', version: '1.0.0', upgrade_policy: 'manual' };
    const installed = await ask(apiOf(operator), 'POST /providers/install?installation=own', {
      token: tokens.get('edit'),
      body,
    });
    expect(inShort(installed)).toBe('201');

    for (const version of ['1.1.0', '1.2.0']) {
      expect(inShort(await asked('edit', 'POST upgrade', 'own', { version }))).toBe('200');
    }
    const { managedFields = [] } = (await get('pi', 'own', namespace)).metadata;
    const ofSpec = managedFields.filter(({ fieldsV1 }) => 'f:spec' in (fieldsV1 ?? {}));
    expect(ofSpec.map(({ manager, operation }) => `${manager} ${operation}`)).toEqual(['provider-operator-api Update']);
  });
});
