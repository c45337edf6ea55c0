import { z } from 'zod';
import { atomicList, flag, int, matching, matchingPlainly, text, withRules } from './field.ts';
import { quantity } from './quantity.ts';

/**
 * The files of a pod. What the apiserver would refuse in a pod is refused here, where the author of a release hears of it
 * before it is published for good; by the apiserver's own rules, so that what runs today is not wrong tomorrow.
 */

const PATH_MESSAGE = 'Must be a relative path such as tls/ca.crt, without ..';
/** No name on the way is `..`, and the first does not even begin with it: such files are the kubelet's own. */
const FILE_PATH = /^(\.|\.?[^/.][^/]*)(\/(\.|\.?[^/.][^/]*|\.\.[^/]+)?)*$/;
const SUB_PATH = /^((\.|\.?[^/.][^/]*|\.\.[^/]+)(\/(\.|\.?[^/.][^/]*|\.\.[^/]+)?)*)?$/;

const FIELD_PATH =
  /^metadata\.(name|namespace|uid|(labels|annotations)(\['([A-Za-z0-9][-.A-Za-z0-9]*\/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?'\])?)$/;
const FIELD_PATH_MESSAGE =
  "Must be metadata.name, namespace, uid, labels or annotations, or one of the latter such as metadata.labels['key']";

const filePath = matchingPlainly(FILE_PATH, 1024, PATH_MESSAGE, 'Path of the file, below the mount.');

const KeyToPath = z
  .object({ key: text(253, 'Key in the object.', 1), path: filePath })
  .describe('Which key becomes which file.');

const whichFiles = {
  items: atomicList(KeyToPath, 64, 'Only these keys; all when absent.').optional(),
  defaultMode: int(1, 0o777, 'File mode as a decimal number; 420 (0644) when absent.').optional(),
  optional: flag('Starts without it too.').optional(),
};

export const Volume = withRules(
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
          ...whichFiles,
        })
        .describe('Files from a ConfigMap.')
        .optional(),
      secret: z
        .object({
          secretName: text(253, 'Name of the Secret, in the namespace of the installation.', 1),
          ...whichFiles,
        })
        .describe('Files from a Secret.')
        .optional(),
      downwardAPI: z
        .object({
          items: atomicList(
            z
              .object({
                path: filePath,
                fieldPath: matchingPlainly(
                  FIELD_PATH,
                  317,
                  FIELD_PATH_MESSAGE,
                  "Field of the pod, such as metadata.labels or metadata.annotations['key'].",
                ),
              })
              .describe('One field as one file.'),
            64,
            'Fields of the pod as files.',
            1,
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

export const VolumeMount = z
  .object({
    name: text(63, 'Name of the volume.', 1),
    // Some container runtimes mount it in spite of the colon: what was published so is not taken from who runs it.
    mountPath: withRules(text(1024, 'Where it appears in the container.', 1), {
      rule: "!self.contains(':')",
      message: 'Must not contain a colon: not every container runtime can mount it',
    }),
    subPath: matchingPlainly(SUB_PATH, 1024, PATH_MESSAGE, 'Only this path of the volume.').optional(),
    readOnly: flag('Mounted read-only.').optional(),
  })
  .describe('One volume in the container.');
