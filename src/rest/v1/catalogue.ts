import { findRelease, latestRelease } from '../../plan/catalogue/catalogue.ts';
import { providerKey } from '../../reconcile/caches.ts';
import type { ProviderView } from '../../reconcile/project.ts';
import type { Release } from '../../api/provider.ts';
import { z } from 'zod';
import { json, refusals } from '../answers.ts';
import { callerOf, type App, type Context } from '../context.ts';
import { notFound } from '../problem.ts';
import { NameParams, Provider, ProviderPage, ProviderQuery, Version, VersionParams } from './shapes.ts';

/** The catalogue as the first seed shows it. */
export function registerCatalogue(app: App, context: Context): void {
  const { caches } = context.ports;
  const tags = ['Catalogue'];

  function find({ org, name }: z.output<typeof NameParams>): ProviderView {
    const view = caches.providers.get(providerKey(`${org}/${name}`));
    if (!view || view.invalid !== undefined) {
      throw notFound(`Correct the name: there is no provider "${org}/${name}"`);
    }
    return view;
  }

  function shown(view: ProviderView): Provider {
    return providerOf(view, caches.installations.byIndex('provider', view.key).length);
  }

  app.get(
    '/providers',
    {
      schema: {
        tags,
        operationId: 'listProviders',
        summary: 'List providers',
        querystring: ProviderQuery,
        response: { 200: json(ProviderPage, 'A part of the catalogue, by name'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const { limit, offset, ...query } = request.query;
      const found = [...caches.providers.values()]
        .filter((view) => view.invalid === undefined && isAskedFor(view, query))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
      return reply.send({
        items: found.slice(offset, offset + limit).map(shown),
        total: found.length,
        limit,
        offset,
      });
    },
  );

  app.get(
    '/providers/:org/:name',
    {
      schema: {
        tags,
        operationId: 'getProvider',
        summary: 'Read a provider',
        params: NameParams,
        response: { 200: json(Provider, 'The provider'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      return reply.send(shown(find(request.params)));
    },
  );

  app.get(
    '/providers/:org/:name/versions',
    {
      schema: {
        tags,
        operationId: 'listVersions',
        summary: 'List the releases of a provider',
        params: NameParams,
        response: { 200: json(z.array(Version), 'Its releases, the newest first'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const view = find(request.params);
      return reply.send(view.catalogue.releases.map((release) => versionOf(view, release)));
    },
  );

  app.get(
    '/providers/:org/:name/versions/:version',
    {
      schema: {
        tags,
        operationId: 'getVersion',
        summary: 'Read a release',
        params: VersionParams,
        response: { 200: json(Version, 'The release'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const view = find(request.params);
      const release = findRelease(view.catalogue, request.params.version);
      if (!release) {
        throw notFound(`Correct the version: "${view.catalogue.provider}" has no release ${request.params.version}`);
      }
      return reply.send(versionOf(view, release));
    },
  );
}

function isAskedFor(
  { about, catalogue }: ProviderView,
  { q, scope, trust_tier: tier, tags = [] }: Omit<z.output<typeof ProviderQuery>, 'limit' | 'offset'>,
): boolean {
  const own = about.tags ?? [];
  const words = [catalogue.provider, about.displayName ?? '', about.description ?? '', ...own].join('\n').toLowerCase();
  return (
    (q === undefined || words.includes(q.toLowerCase())) &&
    // Providers are of the whole cluster.
    scope !== 'tenant' &&
    (tier === undefined || tier === (about.trustTier ?? 'community')) &&
    (typeof tags === 'string' ? [tags] : tags).every((tag) => own.includes(tag))
  );
}

function providerOf({ about, catalogue, createdAt, status }: ProviderView, installCount: number): Provider {
  const { provider, releases } = catalogue;
  const [prefix = '', name = ''] = provider.split('/');
  const newest = releases[0];
  return {
    provider_name: provider,
    name,
    prefix,
    display_name: about.displayName ?? name,
    description: about.description ?? '',
    author: { organization_id: prefix, org_name: about.author ?? prefix },
    trust_tier: about.trustTier ?? 'community',
    scope: 'public',
    ...(about.iconURL !== undefined && { icon_url: about.iconURL }),
    ...(about.readme !== undefined && { readme: about.readme }),
    tags: [...(about.tags ?? [])],
    latest_version: latestRelease(releases)?.version ?? null,
    install_count: installCount,
    created_at: createdAt,
    updated_at: newest?.releasedAt ?? status.firstSeen?.[newest?.version ?? ''] ?? createdAt,
  };
}

function versionOf({ catalogue, createdAt, status }: ProviderView, release: Release): Version {
  const { version, lifecycle, changelog, releasedAt } = release;
  const isYanked = lifecycle?.stage === 'yanked';
  const seenAt = status.firstSeen?.[version] ?? createdAt;
  return {
    provider_name: catalogue.provider,
    version,
    status: isYanked ? 'yanked' : 'published',
    ...(changelog !== undefined && { changelog }),
    ...(releasedAt !== undefined && { published_at: releasedAt }),
    ...(isYanked && { error_message: lifecycle?.message ?? 'The publisher withdrew it' }),
    created_at: seenAt,
    updated_at: seenAt,
  };
}
