/** Checks request bodies against Discord's own OpenAPI document, when it is at hand. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

type Operation = { requestBody?: { content: Record<string, { schema?: z.core.JSONSchema.JSONSchema }> } };
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, z.core.JSONSchema.JSONSchema> };
};

const place = fileURLToPath(new URL('../../../../shared/data/discord/openapi.json.gz', import.meta.url));

/** The innermost complaint of the union member that came nearest, which is the one that a reader can use. */
function nearest(issues: readonly z.core.$ZodIssue[]): string {
  const depth = (issue: z.core.$ZodIssue): number =>
    issue.path.length + (issue.code === 'invalid_union' ? Math.max(0, ...issue.errors.flat().map(depth)) : 0);
  const [deepest] = [...issues].sort((a, b) => depth(b) - depth(a));
  if (!deepest) return '';
  const inner = deepest.code === 'invalid_union' ? nearest(deepest.errors.flat()) : deepest.message;
  return [...deepest.path, inner].join(' ');
}

/**
 * Gives a check of one request: path without `/api/v10`, body as JSON; it answers with what the document forbids, or null. Gives null
 * when the document is not there.
 */
export function openApi(): ((method: string, path: string, body: unknown) => string | null) | null {
  if (!existsSync(place)) return null;
  const text = gunzipSync(readFileSync(place)).toString('utf8').replaceAll('#/components/schemas/', '#/$defs/');
  const { paths, components } = JSON.parse(text) as Document; // Discord's own file: the shape is OpenAPI's
  const routes = Object.entries(paths)
    .map(([template, operations]) => ({
      template,
      operations,
      pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`),
    }))
    // `/messages/@original` before `/messages/{id}`
    .sort((a, b) => a.template.split('{').length - b.template.split('{').length);
  const schemas = new Map<string, z.ZodType>();
  return (method, path, body) => {
    const name = method.toLowerCase();
    const route = routes.find(({ pattern, operations }) => pattern.test(path) && operations[name]);
    const schema = route?.operations[name]?.requestBody?.content['application/json']?.schema;
    if (!route) return `${method} ${path} is not in the document`;
    if (!schema) return null;
    const key = `${name} ${route.template}`;
    const known = schemas.get(key) ?? z.fromJSONSchema({ ...schema, $defs: components.schemas });
    schemas.set(key, known);
    const read = known.safeParse(body);
    return read.success ? null : `${key}: ${nearest(read.error.issues)}`;
  };
}
