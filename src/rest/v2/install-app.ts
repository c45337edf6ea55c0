import { InstallationSpec } from '../../api/installation.ts';
import { firstIssue } from '../../api/field.ts';
import { isSecret } from '../../api/user-input.ts';
import { prospectOf } from '../../plan/ask/prospect.ts';
import { findRelease } from '../../plan/catalogue/catalogue.ts';
import type { AskedInput } from '../../plan/pods/asked.ts';
import { json, refusalsOfWrites } from '../answers.ts';
import { etagOf } from '../change.ts';
import { lookOf, termsOf, type App as Server, type Context } from '../context.ts';
import { Keyed } from '../headers.ts';
import { demandRight, DRAFT, install } from '../install.ts';
import { dryRunOf } from './app-installation.ts';
import { bad } from './bad.ts';
import { policyFields } from './changes.ts';
import { findAnyVersion } from './find.ts';
import { askedOf, demandFit, demandOnce } from './inputs.ts';
import { projectIn, ProjectParams, tags } from './project.ts';
import { Created, DryRun, InstallRequest, Writing } from './shapes.ts';
import { softwareWishes } from './software-wishes.ts';

/** How the second seed installs an app. */
export function registerInstallApp(server: Server, context: Context): void {
  const { caches } = context.ports;

  server.post(
    '/v2/projects/:projectId/app-installations',
    {
      schema: {
        tags,
        operationId: 'app-request-appinstallation',
        summary: 'Install an app',
        params: ProjectParams,
        querystring: Writing,
        headers: Keyed,
        body: InstallRequest,
        response: {
          200: json(DryRun, 'What a dry run found'),
          201: json(Created, 'The id of the installation'),
          ...refusalsOfWrites,
        },
      },
    },
    async (request, reply) => {
      const { body, params, query } = request;
      const namespace = projectIn(params);
      const look = lookOf(context, request);
      // What a body is told depends on the catalogue, which not everybody may read, and on much work.
      await demandRight(context, look, namespace);
      const wish = { namespace, name: undefined, isOneOfMany: true, ...wishOf(body) };
      const { live, outcome, isReplay } = await install(context, look, wish, termsOf(request, query));
      if (outcome) {
        return reply.code(200).send(dryRunOf(outcome));
      }
      if (isReplay) {
        reply.header('idempotency-replayed', 'true');
      }
      return reply.code(201).header('etag', etagOf(live)).send({ id: live.view.uid });
    },
  );

  function wishOf({
    appVersionId,
    description,
    systemSoftware,
    updatePolicy = 'none',
    userInputs = [],
  }: InstallRequest) {
    const found = findAnyVersion(caches, appVersionId);
    if (!found) {
      throw bad('UnknownVersion', 'Take the id of a version of an app: GET /v2/apps/{appId}/versions lists them');
    }
    demandOnce(userInputs);
    const wishes = softwareWishes(caches, { systemSoftware });
    const spec = {
      ...found,
      ...policyFields(updatePolicy, undefined),
      ...(description !== undefined && { description }),
      ...(wishes.length > 0 && { systemSoftware: wishes }),
    };
    const { data, error } = InstallationSpec.safeParse(spec);
    if (!data) {
      throw bad('Invalid', `Correct ${firstIssue(error, 'spec')}`);
    }
    const asked = askedFor(data);
    const unknown = userInputs.find(({ name }) => !asked.has(name));
    if (unknown) {
      throw bad('UnknownUserInput', `Remove "${unknown.name}" from userInputs: ${found.version} does not ask for it`);
    }
    for (const { name, value } of userInputs) {
      demandFit(asked.get(name), value);
    }
    const isSecretName = (name: string) => isSecret(asked.get(name) ?? {});
    const given = userInputs.flatMap(({ name, value }) => (value === null ? [] : [{ name, value }]));
    return {
      spec: {
        ...spec,
        ...(given.length > 0 && { userInputs: given.filter(({ name }) => !isSecretName(name)) }),
      },
      secrets: Object.fromEntries(
        given.filter(({ name }) => isSecretName(name)).map(({ name, value }) => [name, value]),
      ),
    };
  }

  /** What an installation that is not there yet will be asked for. */
  function askedFor(spec: InstallationSpec) {
    const draft = context.observeNew({ ...DRAFT, namespace: '', name: '', spec });
    const release = findRelease(draft.catalogue, spec.version);
    return release ? askedOf(release, prospectOf(draft, context.now()).outlook) : new Map<string, AskedInput>();
  }
}
