import { z } from 'zod';
import {
  atomicList,
  flag,
  int,
  listMap,
  matching,
  PORT_NAME,
  PORT_NAME_MESSAGE,
  portReference,
  text,
  withChecked,
  literal,
} from './field.ts';
import { Volume, VolumeMount } from './volume.ts';

/** How the pods of a release run: the part of a pod that the catalogue's author decides. */

const Port = z
  .object({
    name: matching(PORT_NAME, 15, PORT_NAME_MESSAGE, 'Name of the port, also in the Service.'),
    containerPort: int(1, 65_535, 'Port that the process listens on.'),
    servicePort: int(1, 65_535, 'Port of the Service; containerPort when absent.').optional(),
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).describe('Protocol of the port; TCP when absent.').optional(),
  })
  .describe('One port of the process.');

const ports = listMap(
  Port,
  16,
  'Ports of the process. The Service offers them; without ports there is no Service.',
  'name',
  {
    rule: "self.all(p, self.exists_one(q, q.containerPort == p.containerPort && (has(q.protocol) ? q.protocol : 'TCP') == (has(p.protocol) ? p.protocol : 'TCP')))",
    message: 'Two ports have the same containerPort and protocol: keep one of them',
  },
  {
    rule: "self.all(p, self.exists_one(q, (has(q.servicePort) ? q.servicePort : q.containerPort) == (has(p.servicePort) ? p.servicePort : p.containerPort) && (has(q.protocol) ? q.protocol : 'TCP') == (has(p.protocol) ? p.protocol : 'TCP')))",
    message: 'Two ports have the same servicePort and protocol: give each its own',
  },
);

const args = (what: string, min = 0) => atomicList(text(4096, 'One argument.'), 64, what, min);

export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const ENV_MESSAGE =
  'Must be an environment variable name such as LOG_LEVEL: letters, digits and _, not starting with a digit';

export const EnvVar = z
  .object({
    name: matching(ENV_NAME, 128, 'Must be an environment variable name such as LOG_LEVEL', 'Name of the variable.'),
    value: literal(8192, 'Value of the variable; Kubernetes expands $(OTHER) in it.').optional(),
  })
  .describe('One environment variable.');

const probeHandlers = {
  httpGet: z
    .object({
      path: text(1024, 'Path of the request; / when absent.').optional(),
      port: portReference('Number or name of the port.'),
      scheme: z.enum(['HTTP', 'HTTPS']).describe('HTTP when absent.').optional(),
    })
    .describe('Asks by HTTP: 200 to 399 is success.')
    .optional(),
  tcpSocket: z
    .object({ port: portReference('Number or name of the port.') })
    .describe('Opens a TCP connection.')
    .optional(),
  exec: z
    .object({ command: args('The command; exit code 0 is success.', 1) })
    .describe('Runs a command in the container.')
    .optional(),
};

function probe(description: string) {
  return withChecked(
    z
      .object({
        ...probeHandlers,
        initialDelaySeconds: int(0, 3600, 'Seconds before the first probe; 0 when absent.').optional(),
        periodSeconds: int(1, 3600, 'Seconds between two probes; 10 when absent.').optional(),
        timeoutSeconds: int(1, 3600, 'Seconds until a probe counts as failed; 1 when absent.').optional(),
        failureThreshold: int(1, 100, 'Failures in a row that count; 3 when absent.').optional(),
      })
      .describe(description),
    (p) => [p.httpGet, p.tcpSocket, p.exec].filter(Boolean).length === 1,
    {
      rule: '[has(self.httpGet), has(self.tcpSocket), has(self.exec)].filter(x, x).size() == 1',
      message: 'Must have exactly one of httpGet, tcpSocket and exec',
    },
  ).optional();
}

/** May only loosen the restricted Pod Security Standard for providers that OPERATOR_CONFIG lists. */
const SecurityContext = withChecked(
  z
    .object({
      runAsUser: int(0, 2_147_483_647, 'User id of the process; that of the image when absent.').optional(),
      runAsGroup: int(0, 2_147_483_647, 'Group id of the process; that of the image when absent.').optional(),
      fsGroup: int(0, 2_147_483_647, 'Group that owns the volumes.').optional(),
      runAsNonRoot: flag('true when absent; false only for providers that the operator lists.').optional(),
      readOnlyRootFilesystem: flag('Makes the root file system read-only.').optional(),
      allowPrivilegeEscalation: flag('false when absent; true only for providers that the operator lists.').optional(),
      addCapabilities: atomicList(
        matching(/^[A-Z_]+$/, 32, 'Must be a capability such as NET_BIND_SERVICE', 'One Linux capability.'),
        32,
        'Capabilities beyond none; others than NET_BIND_SERVICE only for providers that the operator lists.',
      ).optional(),
    })
    .describe(
      'Who the process runs as. The restricted Pod Security Standard holds unless the operator lists the provider.',
    ),
  (c) => c.allowPrivilegeEscalation === true || !c.addCapabilities?.includes('CAP_SYS_ADMIN'),
  {
    rule: "(has(self.allowPrivilegeEscalation) && self.allowPrivilegeEscalation) || !has(self.addCapabilities) || !('CAP_SYS_ADMIN' in self.addCapabilities)",
    message: 'CAP_SYS_ADMIN comes with more privileges: set allowPrivilegeEscalation true, too',
  },
);

export const Runtime = z
  .object({
    ports: ports.optional(),
    command: args('Replaces the entrypoint of the image.').optional(),
    args: args('Replaces the arguments of the image.').optional(),
    env: listMap(
      EnvVar,
      64,
      'Variables of the release. Those of system software, inputs and the config of an installation win, and stand before them, so that these may refer to them as $(NAME).',
      'name',
    ).optional(),
    readinessProbe: probe('When a pod may get traffic; a TCP connection to the first port when absent.'),
    livenessProbe: probe('When a container is restarted; never when absent.'),
    securityContext: SecurityContext.optional(),
    volumes: listMap(Volume, 16, 'Volumes of the pod.', 'name').optional(),
    volumeMounts: listMap(VolumeMount, 16, 'Where the volumes appear in the container.', 'mountPath').optional(),
  })
  .describe('How the pods of this release run.');
export type Runtime = z.output<typeof Runtime>;
