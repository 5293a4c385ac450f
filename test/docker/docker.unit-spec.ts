import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

// No Docker engine reads these files in the tests: this holds what they name against what there is.
type Service = {
  readonly image: string;
  readonly build?: { readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: string | readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly deploy?: { readonly resources?: { readonly limits?: object } };
};
type Stack = {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

const read = (path: string): string => readFileSync(path, 'utf8');
const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found ?? '');

const dockerfile = read('docker/Dockerfile');
const targets = matches(dockerfile, /^FROM .+ AS ([\w-]+)$/gm);
const made = matches(read('docker/secrets.sh'), /^keep ([\w.-]+) /gm);
const settings = matches(read('config/environment.ts'), /'([A-Z]+(?:_[A-Z]+)*)'/g);
const files = readdirSync('docker').filter((name) => /^compose\..*\.yaml$/.test(name));
const services = files.flatMap((file) => {
  const stack = parse(read(join('docker', file)), { merge: true }) as Stack;
  return Object.entries(stack.services).map(([name, service]) => ({ name: `${file}: ${name}`, service, stack }));
});
const ours = services.filter(({ service }) => service.build !== undefined);
const running = ours.filter(({ service }) => service.build?.target !== 'check');

it('finds the three stacks', () => {
  expect(files).toEqual(['compose.cluster.yaml', 'compose.embedded.yaml', 'compose.single-node.yaml']);
});

describe('Dockerfile', () => {
  it('starts programs that are built from a source', () => {
    const programs = matches(dockerfile, /"dist\/([^"]+)\.js"/g);
    expect(programs).toHaveLength(3);
    expect(programs.filter((program) => !existsSync(`${program}.ts`))).toEqual([]);
  });

  it('sets settings of the product only', () => {
    const set = matches(dockerfile, /^ENV (.+)$/gm).flatMap((line) => matches(line, /(\w+)=/g));
    expect(set.filter((name) => ![...settings, 'NODE_ENV', 'HOME'].includes(name))).toEqual([]);
  });

  it('copies nothing that .dockerignore keeps out', () => {
    const copied = matches(dockerfile, /^COPY (?!--from)(.+) \S+$/gm).flatMap((line) => line.split(' '));
    const admitted = matches(read('.dockerignore'), /^!(.+)$/gm);
    expect(copied.filter((path) => path !== '.' && !admitted.includes(path))).toEqual([]);
    expect(admitted.filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe.each(services)('$name', ({ service, stack }) => {
  it('pins its image to a version', () => {
    expect(service.image).toMatch(/:\d+\.\d+\.\d+$/);
  });

  it('runs without privileges and within limits', () => {
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.deploy?.resources?.limits).toEqual({ cpus: expect.any(String), memory: expect.any(String) });
  });

  it('mounts what there is', () => {
    const sources = (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    const known = (source: string) => source in stack.volumes || existsSync(join('docker', source));
    expect(sources.filter((source) => !known(source))).toEqual([]);
  });

  it('is given secrets that secrets.sh makes', () => {
    const given = service.secrets ?? [];
    expect(given.filter((name) => stack.secrets[name]?.file !== `./secrets/${name}` || !made.includes(name))).toEqual(
      [],
    );
    const paths = Object.values(service.environment ?? {}).filter((value) => value.startsWith('/run/secrets/'));
    expect(paths.filter((path) => !given.includes(path.slice('/run/secrets/'.length)))).toEqual([]);
  });
});

describe.each(ours)('$name, which is ours', ({ service }) => {
  it('is built by a target of the Dockerfile', () => {
    expect(targets).toContain(service.build?.target);
  });
});

describe.each(running)('$name, which runs the product', ({ service }) => {
  it('sets settings of the product only', () => {
    const known = (name: string) => settings.includes(name) || settings.includes(name.replace(/_FILE$/, ''));
    expect(Object.keys(service.environment ?? {}).filter((name) => !known(name))).toEqual([]);
  });

  it('writes to its volume and /tmp only', () => {
    expect(service.read_only).toBe(true);
    expect(service.tmpfs).toBe('/tmp');
  });
});
