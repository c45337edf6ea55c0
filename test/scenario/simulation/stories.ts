import type { UserInput } from '../../../src/api/user-input.ts';
import { release } from '../../support/builders.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiServer } from '../cluster/server.ts';
import { bad, changeContainer, configure, disown, edit, install, publish, relabel, scale } from './people/people.ts';
import { hash } from '../../../src/api/hash.ts';
import { ANNOTATION, LABEL } from '../../../src/api/names.ts';

/** An action of people on a cluster at rest, and the most that it may cost the operator when nothing goes wrong. */
export interface Story {
  readonly name: string;
  readonly before: (server: ApiServer) => void;
  readonly act: (server: ApiServer) => void;
  /** The most writes, as counted, Events excluded; see "Budgets" in docs/benchmarks.md. */
  readonly writes: number;
  readonly events: number;
}

const email: UserInput = { name: 'adminEmail', dataType: 'text', format: 'email', required: true };
const asking = release('1.1.0', { userInputs: [email] });
const keyed = (version: string) =>
  release(version, { userInputs: [{ name: 'encryptionKey', dataType: 'text', generate: {} }] });

/** What an installation of this name and provider left behind. */
function leaveSecret(server: ApiServer): void {
  const labels = { [LABEL.installation]: 'web', [LABEL.generated]: 'true' };
  const metadata = {
    namespace: 'shop',
    name: `web-encryptionkey-${hash(['web', 'encryptionKey', 'acme/web'])}`,
    labels,
  };
  const annotations = { [ANNOTATION.made]: 'true' };
  const data = { generated: { provider: 'acme/web', key: 'value-of-then' } };
  server.create(KINDS.ControllerRevision, { metadata: { ...metadata, annotations }, data }, 'provider-operator');
  server.create(KINDS.Secret, { metadata }, 'provider-operator');
}

const moved = release('1.1.0', { runtime: { ports: [{ name: 'http', containerPort: 8080, servicePort: 8000 }] } });

function withWeb(wish: Parameters<typeof install>[2]) {
  return (server: ApiServer): void => {
    publish(server, '1.0.0');
    install(server, 'web', wish);
  };
}

export const STORIES: readonly Story[] = [
  {
    name: 'install',
    before: (server) => publish(server, '1.0.0'),
    act: (server) => install(server, 'web', { upgradePolicy: 'auto', config: { GREETING: 'hello' } }),
    writes: 6,
    events: 2,
  },
  {
    name: 'install with a budget for disruptions',
    before: (server) => publish(server, '1.0.0'),
    act: (server) => install(server, 'web', { resourceTier: 'performance' }),
    writes: 7,
    events: 2,
  },
  {
    name: 'automatic upgrade',
    before: withWeb({ upgradePolicy: 'auto' }),
    act: (server) => publish(server, '1.0.0', '1.1.0'),
    // Record, Deployment, mark, two statuses; and the status of the Provider.
    writes: 5 + 1,
    events: 2,
  },
  {
    // The upgrades run one after the other, because the fleet has room for one.
    name: 'automatic upgrade of two',
    before: (server) => {
      publish(server, '1.0.0');
      ['web', 'blog'].forEach((name) => install(server, name, { upgradePolicy: 'auto' }));
    },
    act: (server) => publish(server, '1.0.0', '1.1.0'),
    // One more status: the installation that waits says so.
    writes: 5 * 2 + 1 + 1,
    events: 5,
  },
  {
    name: 'automatic upgrade to other ports',
    before: withWeb({ upgradePolicy: 'auto' }),
    act: (server) => publish(server, '1.0.0', moved),
    writes: 7 + 1,
    events: 2,
  },
  {
    name: 'automatic upgrade that fails and is taken back',
    before: withWeb({ upgradePolicy: 'auto' }),
    act: (server) => publish(server, '1.0.0', bad('1.1.0', 'crash-loop')),
    // Record, Deployment, status; mark, Deployment, two statuses; and the status of the Provider.
    writes: 7 + 1,
    events: 3,
  },
  {
    name: 'edit that fails and is held',
    before: withWeb({ config: { GREETING: 'hello' } }),
    act: (server) => edit(server, 'web', { config: { GREETING: 'never-ready' } }),
    writes: 7,
    events: 3,
  },
  {
    name: 'newer release than one that failed',
    before: (server) => {
      publish(server, '1.0.0');
      install(server, 'web', { upgradePolicy: 'auto' });
    },
    act: (server) => publish(server, '1.0.0', bad('1.1.0', 'no-such-image'), '1.1.1'),
    writes: 5 + 1,
    events: 2,
  },
  {
    name: 'edit of the configuration',
    before: withWeb({ config: { GREETING: 'hello' } }),
    act: (server) => edit(server, 'web', { config: { GREETING: 'good day', EMPTY: '' } }),
    writes: 5,
    events: 2,
  },
  {
    name: 'edit of the tier',
    before: withWeb({ resourceTier: 'performance' }),
    act: (server) => edit(server, 'web', { resourceTier: 'free' }),
    // The PodDisruptionBudget is removed as well.
    writes: 6 + 1,
    events: 2,
  },
  {
    name: 'edit of the version',
    before: (server) => {
      publish(server, '1.0.0', '1.1.0');
      install(server, 'web', { version: '1.0.0' });
    },
    act: (server) => edit(server, 'web', { version: '1.1.0' }),
    writes: 5,
    events: 2,
  },
  {
    name: 'upgrade that asks, and is answered',
    before: (server) => {
      publish(server, '1.0.0', asking);
      install(server, 'web', { upgradePolicy: 'auto', upgrade: { skipVersions: ['1.1.0'] } });
    },
    act: (server) => {
      edit(server, 'web', { upgrade: undefined, userInputs: [{ name: 'adminEmail', value: 'ann@example.com' }] });
    },
    writes: 5,
    events: 2,
  },
  {
    name: 'install that generates a key',
    before: (server) => publish(server, keyed('1.0.0')),
    act: (server) => install(server, 'web', {}),
    // Whether there is such a Secret, the note, the Secret and the mark of the note, besides what an install costs.
    writes: 6 + 4,
    events: 2,
  },
  {
    name: 'upgrade with a generated key',
    before: (server) => {
      publish(server, keyed('1.0.0'), keyed('1.1.0'));
      install(server, 'web', { version: '1.0.0' });
    },
    act: (server) => edit(server, 'web', { version: '1.1.0' }),
    // Whether the Secret is still there, besides what an upgrade costs.
    writes: 5 + 1,
    events: 2,
  },
  {
    name: 'install that finds the key of an earlier one',
    before: (server) => {
      publish(server, keyed('1.0.0'));
      leaveSecret(server);
    },
    act: (server) => install(server, 'web', {}),
    writes: 6 + 1,
    events: 2,
  },
  {
    name: 'downgrade by consent',
    before: (server) => {
      publish(server, '1.0.0', '1.0.1');
      install(server, 'web', { version: '1.0.1' });
    },
    act: (server) => edit(server, 'web', { version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } }),
    writes: 5,
    events: 2,
  },
  {
    name: 'edit of a ConfigMap',
    before: (server) => {
      publish(server, '1.0.0');
      configure(server, 'settings', { level: 'info' });
      install(server, 'web', { configFrom: [{ name: 'LEVEL', configMapKeyRef: { name: 'settings', key: 'level' } }] });
    },
    act: (server) => configure(server, 'settings', { level: 'debug' }),
    writes: 5,
    events: 2,
  },
  {
    name: 'heal of a changed image',
    before: withWeb({}),
    act: (server) => changeContainer(server, 'web', { image: 'registry.example.com/evil:1' }),
    writes: 3,
    events: 3,
  },
  {
    name: 'heal of everything at once',
    before: withWeb({ resourceTier: 'performance' }),
    act: (server) => {
      scale(server, 'web', 1);
      relabel(server, KINDS.Deployment, 'web', LABEL.installation);
      disown(server, KINDS.PodDisruptionBudget, 'web');
      server.remove(KINDS.Service, 'shop/web', 'intruder');
    },
    writes: 5,
    events: 3,
  },
  {
    name: 'heal of a deleted Deployment',
    before: withWeb({}),
    act: (server) => server.remove(KINDS.Deployment, 'shop/web', 'intruder'),
    writes: 4,
    events: 3,
  },
  {
    name: 'delete',
    before: withWeb({ resourceTier: 'performance' }),
    act: (server) => server.remove(KINDS.ProviderInstallation, 'shop/web', 'tenant'),
    writes: 0,
    events: 0,
  },
  {
    name: 'delete and create again',
    before: withWeb({ config: { GREETING: 'hello' } }),
    act: (server) => {
      server.remove(KINDS.ProviderInstallation, 'shop/web', 'tenant');
      install(server, 'web', { config: { GREETING: 'again' } });
    },
    // The new installation waits until the children of the former one are collected, and says so.
    writes: 6 + 2,
    events: 2 + 1,
  },
];
