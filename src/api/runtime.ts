import { z } from 'zod';
import { atomicList, flag, int, listMap, matching, portReference, quantity, text, withRules } from './field.ts';

/** How the pods of a release run: the part of a pod that the catalogue's author decides. */

const PORT_NAME = /^([a-z0-9]|[a-z0-9][-a-z0-9]{0,13}[a-z0-9])$/;

const Port = z
  .object({
    name: matching(
      PORT_NAME,
      15,
      'Must be a port name such as http: at most 15 of a-z, 0-9 and -',
      'Name of the port, also in the Service.',
    ),
    containerPort: int(1, 65_535, 'Port that the process listens on.'),
    servicePort: int(1, 65_535, 'Port of the Service; containerPort when absent.').optional(),
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).describe('Protocol of the port; TCP when absent.').optional(),
  })
  .describe('One port of the process.');

const ports = listMap(
  withRules(
    z.array(Port).max(16).describe('Ports of the process. The Service offers them; without ports there is no Service.'),
    {
      rule: "self.all(p, self.exists_one(q, q.containerPort == p.containerPort && (has(q.protocol) ? q.protocol : 'TCP') == (has(p.protocol) ? p.protocol : 'TCP')))",
      message: 'Two ports have the same containerPort and protocol: keep one of them',
    },
    {
      rule: "self.all(p, self.exists_one(q, (has(q.servicePort) ? q.servicePort : q.containerPort) == (has(p.servicePort) ? p.servicePort : p.containerPort) && (has(q.protocol) ? q.protocol : 'TCP') == (has(p.protocol) ? p.protocol : 'TCP')))",
      message: 'Two ports have the same servicePort and protocol: give each its own',
    },
  ),
  'name',
);

const command = (what: string) => atomicList(z.array(text(4096, 'One argument.')).min(1).max(64).describe(what));

const args = (what: string) => atomicList(z.array(text(4096, 'One argument.')).max(64).describe(what));

export const EnvVar = z
  .object({
    name: matching(
      /^[A-Za-z_][A-Za-z0-9_]*$/,
      128,
      'Must be an environment variable name such as LOG_LEVEL',
      'Name of the variable.',
    ),
    value: text(8192, 'Value of the variable; Kubernetes expands $(OTHER) in it.').optional(),
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
    .object({ command: command('The command; exit code 0 is success.') })
    .describe('Runs a command in the container.')
    .optional(),
};

function probe(description: string) {
  return withRules(
    z
      .object({
        ...probeHandlers,
        initialDelaySeconds: int(0, 3600, 'Seconds before the first probe; 0 when absent.').optional(),
        periodSeconds: int(1, 3600, 'Seconds between two probes; 10 when absent.').optional(),
        timeoutSeconds: int(1, 3600, 'Seconds until a probe counts as failed; 1 when absent.').optional(),
        failureThreshold: int(1, 100, 'Failures in a row that count; 3 when absent.').optional(),
      })
      .describe(description)
      .refine(
        (p) => [p.httpGet, p.tcpSocket, p.exec].filter(Boolean).length === 1,
        'Must have exactly one of httpGet, tcpSocket and exec',
      ),
    {
      rule: '[has(self.httpGet), has(self.tcpSocket), has(self.exec)].filter(x, x).size() == 1',
      message: 'Must have exactly one of httpGet, tcpSocket and exec',
    },
  ).optional();
}

const FileMode = int(1, 0o777, 'File mode as a decimal number; 420 (0644) when absent.').optional();

const KeyToPath = z
  .object({ key: text(253, 'Key in the object.', 1), path: text(1024, 'Path of the file, below the mount.', 1) })
  .describe('Which key becomes which file.');

const Volume = withRules(
  z
    .object({
      name: matching(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 63, 'Must be a DNS label such as cache', 'Name of the volume.'),
      emptyDir: z
        .object({
          medium: z.enum(['Memory']).describe('Memory for a tmpfs; the disk of the node when absent.').optional(),
          sizeLimit: quantity('Most that the volume may hold.').optional(),
        })
        .describe('Scratch space that lives as long as the pod.')
        .optional(),
      configMap: z
        .object({
          name: text(253, 'Name of the ConfigMap, in the namespace of the installation.', 1),
          items: atomicList(z.array(KeyToPath).max(64).describe('Only these keys; all when absent.')).optional(),
          defaultMode: FileMode,
          optional: flag('Starts without it too.').optional(),
        })
        .describe('Files from a ConfigMap.')
        .optional(),
      secret: z
        .object({
          secretName: text(253, 'Name of the Secret, in the namespace of the installation.', 1),
          items: atomicList(z.array(KeyToPath).max(64).describe('Only these keys; all when absent.')).optional(),
          defaultMode: FileMode,
          optional: flag('Starts without it too.').optional(),
        })
        .describe('Files from a Secret.')
        .optional(),
      downwardAPI: z
        .object({
          items: atomicList(
            z
              .array(
                z
                  .object({
                    path: text(1024, 'Path of the file, below the mount.', 1),
                    fieldPath: text(
                      317,
                      "Field of the pod, such as metadata.labels or metadata.annotations['key'].",
                      1,
                    ),
                  })
                  .describe('One field as one file.'),
              )
              .min(1)
              .max(64)
              .describe('Fields of the pod as files.'),
          ),
        })
        .describe('Files that tell the pod about itself.')
        .optional(),
    })
    .describe('One volume: scratch space or files, nothing that outlives the pod.')
    .refine(
      (v) => [v.emptyDir, v.configMap, v.secret, v.downwardAPI].filter(Boolean).length === 1,
      'Must have exactly one source',
    ),
  {
    rule: '[has(self.emptyDir), has(self.configMap), has(self.secret), has(self.downwardAPI)].filter(x, x).size() == 1',
    message: 'Must have exactly one of emptyDir, configMap, secret and downwardAPI: providers are stateless',
  },
);

const VolumeMount = z
  .object({
    name: text(63, 'Name of the volume.', 1),
    mountPath: text(1024, 'Where it appears in the container.', 1),
    subPath: text(1024, 'Only this path of the volume.').optional(),
    readOnly: flag('Mounted read-only.').optional(),
  })
  .describe('One volume in the container.');

/** May only loosen the restricted Pod Security Standard for providers that OPERATOR_CONFIG lists. */
const SecurityContext = z
  .object({
    runAsUser: int(0, 2_147_483_647, 'User id of the process; that of the image when absent.').optional(),
    runAsGroup: int(0, 2_147_483_647, 'Group id of the process; that of the image when absent.').optional(),
    fsGroup: int(0, 2_147_483_647, 'Group that owns the volumes.').optional(),
    runAsNonRoot: flag('true when absent; false only for providers that the operator lists.').optional(),
    readOnlyRootFilesystem: flag('Makes the root file system read-only.').optional(),
    allowPrivilegeEscalation: flag('false when absent; true only for providers that the operator lists.').optional(),
    addCapabilities: atomicList(
      z
        .array(matching(/^[A-Z_]+$/, 32, 'Must be a capability such as NET_BIND_SERVICE', 'One Linux capability.'))
        .max(32)
        .describe('Capabilities beyond none; others than NET_BIND_SERVICE only for providers that the operator lists.'),
    ).optional(),
  })
  .describe(
    'Who the process runs as. The restricted Pod Security Standard holds unless the operator lists the provider.',
  );

export const Runtime = z
  .object({
    ports: ports.optional(),
    command: args('Replaces the entrypoint of the image.').optional(),
    args: args('Replaces the arguments of the image.').optional(),
    env: listMap(
      z.array(EnvVar).max(64).describe('Variables of the release; the config of an installation wins.'),
      'name',
    ).optional(),
    readinessProbe: probe('When a pod may get traffic; a TCP connection to the first port when absent.'),
    livenessProbe: probe('When a container is restarted; never when absent.'),
    securityContext: SecurityContext.optional(),
    volumes: listMap(z.array(Volume).max(16).describe('Volumes of the pod.'), 'name').optional(),
    volumeMounts: listMap(
      z.array(VolumeMount).max(16).describe('Where the volumes appear in the container.'),
      'mountPath',
    ).optional(),
  })
  .describe('How the pods of this release run.');
export type Runtime = z.output<typeof Runtime>;

const amounts = (what: string) =>
  z
    .object({
      cpu: quantity('Processor, such as 250m or 2.').optional(),
      memory: quantity('Memory, such as 256Mi.').optional(),
    })
    .describe(what);

/** What one tier gives to an installation. Without `replicas` the operator leaves the number to somebody else, such as an HPA. */
export const Tier = z
  .object({
    replicas: int(0, 100, 'Pods; left to others (an HPA) when absent.').optional(),
    resources: z
      .object({
        requests: amounts('What the scheduler sets aside for each pod.').optional(),
        limits: amounts('What each pod may use at the most.').optional(),
      })
      .describe('Processor and memory of each pod.')
      .optional(),
  })
  .describe('What this tier gives.');
export type Tier = z.output<typeof Tier>;
