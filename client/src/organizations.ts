import { idSegment } from "./id-segment.ts";
import type { Transport } from "./transport.ts";
import type {
  CreatedOrganization,
  Organization,
  OrganizationChange,
  OrganizationFields,
  Page,
  PageQuery,
} from "./types.ts";
import { walkPages } from "./walk-pages.ts";

/** Needs the scope `organizations:manage`, which only the server's first key has. */
export class Organizations {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  create(organization: OrganizationFields): Promise<CreatedOrganization> {
    return this.#transport.json({ method: "POST", path: "/v1/organizations", body: organization });
  }

  list(query: PageQuery = {}): Promise<Page<Organization>> {
    return this.#transport.json({ method: "GET", path: "/v1/organizations", query: { ...query } });
  }

  listAll(query: PageQuery = {}): AsyncGenerator<Organization, void> {
    return walkPages((at) => this.list(at), query);
  }

  get(organizationId: string): Promise<Organization> {
    return this.#transport.json({ method: "GET", path: organizationPath(organizationId) });
  }

  update(organizationId: string, change: OrganizationChange): Promise<Organization> {
    return this.#transport.json({ method: "PATCH", path: organizationPath(organizationId), body: change });
  }
}

function organizationPath(organizationId: string): string {
  return `/v1/organizations/${idSegment(organizationId)}`;
}
