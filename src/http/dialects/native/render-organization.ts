import type { Organization } from "../../../contract/organization.ts";
import { toUsd } from "../../money.ts";
import type { WireCreatedOrganization, WireOrganization } from "./schemas/organization.ts";
import { renderTime } from "./time.ts";

export function renderOrganization(organization: Organization): WireOrganization {
  return {
    id: organization.id,
    name: organization.name,
    plan: organization.plan,
    creditLimitUsd: organization.creditLimitNanoUsd === null ? null : toUsd(organization.creditLimitNanoUsd),
    spentUsd: toUsd(organization.spentNanoUsd),
    reservedUsd: toUsd(organization.reservedNanoUsd),
    createdAt: renderTime(organization.createdAt),
  };
}

export function renderCreatedOrganization(created: {
  organization: Organization;
  key: string;
}): WireCreatedOrganization {
  return { ...renderOrganization(created.organization), key: created.key };
}
