import type { ChildKind, Observed } from '../plan/observed.ts';
import type { Caches } from './caches.ts';
import { projectChild, projectDeployment, projectRevision, projectService } from './project-children.ts';
import type { Raw } from './raw.ts';

/** Takes a child as the API server has it into the cache of its kind. */
export function offerTo(caches: Caches): (child: ChildKind, raw: Raw) => void {
  return (child, raw) => {
    switch (child) {
      case 'Deployment':
        caches.deployments.offer(projectDeployment(raw));
        break;
      case 'Service':
        caches.services.offer(projectService(raw));
        break;
      case 'PodDisruptionBudget':
        caches.budgets.offer(projectChild(raw));
        break;
      case 'ControllerRevision':
        caches.revisions.offer(projectRevision(raw));
        break;
    }
  };
}

/** A child as it was read, in the place in which the plan looks for it. */
export function viewOf(child: ChildKind, raw: Raw): Partial<Observed> {
  switch (child) {
    case 'Deployment':
      return { deployment: projectDeployment(raw) };
    case 'Service':
      return { service: projectService(raw) };
    case 'PodDisruptionBudget':
      return { budget: projectChild(raw) };
    case 'ControllerRevision':
      return {};
  }
}
