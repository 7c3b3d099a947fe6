import type { Transport } from "./transport.ts";
import type { CreatedOrganization, Organization, OrganizationChange, OrganizationFields, Page, PageQuery } from "./types.ts";
/** Needs the scope `organizations:manage`, which only the server's first key has. */
export declare class Organizations {
    #private;
    constructor(transport: Transport);
    create(organization: OrganizationFields): Promise<CreatedOrganization>;
    list(query?: PageQuery): Promise<Page<Organization>>;
    listAll(query?: PageQuery): AsyncGenerator<Organization, void>;
    get(organizationId: string): Promise<Organization>;
    update(organizationId: string, change: OrganizationChange): Promise<Organization>;
}
