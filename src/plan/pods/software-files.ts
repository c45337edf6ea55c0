import { volumeName } from '../software/clash.ts';
import type { Inputs } from './inputs.ts';
import { resourcesOf } from './tiers.ts';

/** Where an init container finds the volume that it fills. */
const TARGET = '/software';
/** No particular user: images of software often have none of their own, and root is not allowed. */
const NOBODY = 65_532;

/**
 * How the files of the system software come into the pod, read-only for its process: copied by an init container out of
 * the image of the software, or as that image itself.
 * https://kubernetes.io/docs/tasks/configure-pod-container/image-volumes/
 */
export function softwareFiles({
  software,
  softwareDelivery,
  release,
  shape,
}: Pick<Inputs, 'software' | 'softwareDelivery' | 'release' | 'shape'>) {
  const files = software.uses.flatMap((use) => {
    const { image, path, mountPath } = use.release?.provides ?? {};
    return image !== undefined && path !== undefined && mountPath !== undefined
      ? [{ name: volumeName(use.name), image, path, mountPath }]
      : [];
  });
  if (softwareDelivery === 'imageVolume') {
    return {
      initContainers: [],
      volumes: files.map(({ name, image }) => ({ name, image: { reference: image } })),
      volumeMounts: files.map(({ name, path, mountPath }) => ({
        name,
        mountPath,
        subPath: path.slice(1),
        readOnly: true,
      })),
    };
  }
  const resources = resourcesOf(shape);
  const runAsUser = release.runtime?.securityContext?.runAsUser ?? NOBODY;
  return {
    initContainers: files.map(({ name, image, path }) => ({
      name,
      image,
      command: ['cp', '-R', `${path}/.`, TARGET],
      // A quota may ask for amounts in every container; the pod needs no more for it, they run one after the other.
      ...(Object.keys(resources).length > 0 && { resources }),
      volumeMounts: [{ name, mountPath: TARGET }],
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
        runAsUser,
      },
    })),
    volumes: files.map(({ name }) => ({ name, emptyDir: {} })),
    volumeMounts: files.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
  };
}
