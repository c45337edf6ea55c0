import type { InstallationStatus } from '../src/api/installation.ts';
import { INSTALLATION_PLURAL, PROVIDER_PLURAL, API_VERSION, CHILD_SELECTOR } from '../src/api/names.ts';

/** The paths of a run's objects, and the parts of them that it looks at. */
export interface InstallationObject {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
  };
  readonly status?: InstallationStatus;
}

export interface DeploymentObject {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly resourceVersion: string;
    readonly generation: number;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const GROUP_PATH = `/apis/${API_VERSION}`;
export const PROVIDERS_PATH = `${GROUP_PATH}/${PROVIDER_PLURAL}`;
export const INSTALLATIONS_PATH = `${GROUP_PATH}/${INSTALLATION_PLURAL}`;
export const DEPLOYMENTS_PATH = `/apis/apps/v1/deployments?labelSelector=${encodeURIComponent(CHILD_SELECTOR)}`;
export const PODS_PATH = `/api/v1/pods?labelSelector=${encodeURIComponent(CHILD_SELECTOR)}`;

export function installationsPath(namespace: string): string {
  return `${GROUP_PATH}/namespaces/${namespace}/${INSTALLATION_PLURAL}`;
}

/** Whether an installation is Ready for its present spec. */
export function isReady({ metadata, status }: InstallationObject): boolean {
  return (
    status?.conditions?.some(
      (c) => c.type === 'Ready' && c.status === 'True' && c.observedGeneration === metadata.generation,
    ) ?? false
  );
}

export function isAvailable({ metadata, status }: DeploymentObject): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    (status.conditions?.some((c) => c.type === 'Available' && c.status === 'True') ?? false)
  );
}
