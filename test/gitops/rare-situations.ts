import { notYet } from '../../src/api/problem.ts';
import { OperatorConfig } from '../../src/api/operator-config.ts';
import type { Observed } from '../../src/plan/state/observed.ts';
import type { Release } from '../../src/api/provider.ts';
import type { SoftwareCatalogue } from '../../src/plan/catalogue/software-catalogue.ts';
import { catalogue, release, software, softwareRelease } from '../support/builders.ts';
import { generationNotAllowed } from '../../src/plan/act/generate.ts';
import { World } from '../support/world.ts';

const KEY = { name: 'key', dataType: 'text' } as const;
const foreign = { uid: 'u', deleting: false, adoptable: false, owned: '', applied: undefined, changed: undefined };

/** Situations that no story leads to, by the reason of `Ready` in them. Each returns a world to be reconciled. */
export const RARE_SITUATIONS: Readonly<Record<string, () => World>> = {
  WaitingForGarbageCollection: () =>
    installing({
      service: { ...foreign, ports: [], owner: { kind: 'ProviderInstallation', name: 'web', uid: 'earlier' } },
    }),
  NameConflict: () => installing({ service: { ...foreign, ports: [], owner: undefined } }),
  ImageNotAllowed: () => installing({ config: OperatorConfig.parse({ allowedImagePrefixes: ['other.example.com'] }) }),
  ReleaseInvalid: () => asking(release('1.1.0', { runtime: { volumeMounts: [{ name: 'x', mountPath: '/x' }] } })),
  SoftwareConflict: () =>
    asking(
      release('1.1.0', { systemSoftwareDependencies: [{ name: 'php', range: '>=9.0.0' }] }),
      software('php', softwareRelease('php', '9.0.0', { lifecycle: { stage: 'yanked' } })),
      [{ name: 'php', version: '9.0.0', updatePolicy: 'none' }],
    ),
  MissingUserInputs: () => asking(release('1.1.0', { userInputs: [{ ...KEY, required: true }] })),
  InvalidUserInput: () =>
    installing(
      { catalogue: catalogue(release('1.0.0', { userInputs: [{ ...KEY, format: 'url' }] })) },
      { userInputs: [{ name: 'key', value: 'none' }] },
    ),
  GenerationNotAllowed() {
    const world = installing({ catalogue: catalogue(release('1.0.0', { userInputs: [{ ...KEY, generate: {} }] })) });
    world.refusal = generationNotAllowed('key');
    return world;
  },
  GeneratedSecretLost() {
    const world = installing({ catalogue: catalogue(release('1.0.0', { userInputs: [{ ...KEY, generate: {} }] })) });
    world.converge();
    const { deployment, revisions } = world.observed;
    const name = revisions.find((r) => r.kind === 'generated')?.name;
    see(world, { deployment: deployment && { ...deployment, available: 0 } });
    world.pod({ waiting: { reason: 'CreateContainerConfigError', message: `secret "${name}" not found` } });
    return world;
  },
  ConfigTooLarge() {
    const parts = Array.from({ length: 5 }, (_, i) => ({ name: `part-${i}`, value: 'x'.repeat(8_000) }));
    const config = Object.fromEntries(parts.map(({ value }, i) => [`PART_${i}`, value]));
    return installing({}, { config, userInputs: parts });
  },
  EnvNotAllowed() {
    return new World(catalogue(release('1.0.0', { tenantEnv: ['TZ'] })), { config: { DEBUG: '1' } });
  },
  SecretNotFound: () =>
    installing(
      { references: { content: () => ({ kind: 'missing' }) } },
      { configFrom: [{ name: 'PASSWORD', secretKeyRef: { name: 'database', key: 'password' } }] },
    ),
  Yanked: () => asking(release('1.1.0', { lifecycle: { stage: 'yanked' } })),
  PathMissing: () => asking(release('1.1.0', { upgradesFrom: '>=1.0.5' })),
  KubernetesUnsupported: () => asking(release('1.1.0', { requires: { kubernetes: '>=1.40.0' } })),
  PreviouslyFailed() {
    const world = new World(catalogue('1.0.0'), { version: '1.0.0' });
    world.settle();
    world.pod({ restarts: 3, waiting: { reason: 'CrashLoopBackOff', message: '' } });
    world.settle();
    see(world, { deployment: undefined });
    return world;
  },
  Unavailable() {
    const world = new World(catalogue('1.0.0'));
    world.converge();
    const { deployment } = world.observed;
    see(world, { deployment: deployment && { ...deployment, available: 0 } });
    return world;
  },
  QuotaExceeded() {
    const world = new World(catalogue('1.0.0'));
    world.refusal = notYet('QuotaExceeded', 'Raise the quota of the namespace');
    return world;
  },
  Drifted() {
    const world = new World(catalogue('1.0.0'));
    world.converge();
    const culprit = 'A field was removed, and managedFields do not say by whom';
    see(world, { heals: { Deployment: { count: 2, burst: 2, culprit, lastAt: world.now } } });
    world.tamper('webhook', 'spec.gone');
    return world;
  },
};

function installing(more: Partial<Observed>, spec: ConstructorParameters<typeof World>[1] = {}): World {
  const world = new World(catalogue('1.0.0'), spec);
  see(world, more);
  return world;
}

/** Returns a world that runs 1.0.0 and whose spec asks for a release. */
function asking(
  wanted: Release,
  shelved?: SoftwareCatalogue,
  systemSoftware?: NonNullable<Observed['installation']['spec']['systemSoftware']>,
): World {
  const world = new World(catalogue('1.0.0'), { version: '1.0.0' }, shelved ? [shelved] : []);
  see(world, { kubernetesVersion: 'v1.33.0' });
  world.converge();
  world.publish(catalogue('1.0.0', wanted));
  world.edit({ version: wanted.version, ...(systemSoftware && { systemSoftware }) });
  return world;
}

function see(world: World, more: Partial<Observed>): void {
  world.observed = { ...world.observed, ...more };
}
