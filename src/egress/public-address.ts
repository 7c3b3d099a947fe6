import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * The part of IPv6 that is given out as global unicast. Everything outside it is special, whatever else it looks like:
 * `::127.0.0.1` for one is in no special range of its own.
 * @see https://www.iana.org/assignments/ipv6-address-space/ipv6-address-space.xhtml
 */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * The well-known NAT64 prefix. Networks without IPv4 reach the public IPv4 internet through it, so it is judged by the
 * address inside; the other translation prefixes are local and refused.
 * @see https://datatracker.ietf.org/doc/html/rfc6052#section-2.1
 */
const wellKnownNat64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

/** Whether an address, as a resolver or a socket spells it, is public unicast. Anything that is no address is not. */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return isPublicIpv4(address);
  if (address.zoneId !== undefined) return false;
  if (address.isIPv4MappedAddress()) return isPublicIpv4(address.toIPv4Address());
  if (address.match(wellKnownNat64)) return isPublicIpv4(new ipaddr.IPv4(address.toByteArray().slice(12)));
  return address.match(globalUnicast) && address.range() === "unicast";
}

function isPublicIpv4(address: ipaddr.IPv4): boolean {
  return address.range() === "unicast";
}

/** One spelling for each address, so that addresses can be compared; an IPv4-mapped one becomes the IPv4 one. */
export function canonicalAddress(text: string): string {
  return ipaddr.process(text).toString();
}
