import { describe, expect, test } from "vitest";
import { canonicalAddress, isPublicAddress } from "./public-address.ts";

describe("isPublicAddress", () => {
  test.each([
    "8.8.8.8",
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "192.169.0.1",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
  ])("passes %s", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    ["unspecified", "0.0.0.0"],
    ["this network", "0.1.2.3"],
    ["loopback", "127.0.0.1"],
    ["far end of loopback", "127.255.255.254"],
    ["private", "10.0.0.1"],
    ["private", "172.16.0.1"],
    ["private", "172.31.255.255"],
    ["private", "192.168.1.1"],
    ["carrier-grade NAT", "100.64.0.1"],
    ["link-local, where clouds keep instance metadata", "169.254.169.254"],
    ["protocol assignments", "192.0.0.192"],
    ["documentation", "203.0.113.5"],
    ["benchmarking", "198.18.0.1"],
    ["multicast", "224.0.0.1"],
    ["reserved", "240.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["unspecified", "::"],
    ["loopback", "::1"],
    ["IPv4-mapped loopback", "::ffff:127.0.0.1"],
    ["IPv4-mapped loopback in hex", "::ffff:7f00:1"],
    ["IPv4-compatible loopback", "::7f00:1"],
    ["IPv4-translated loopback", "::ffff:0:7f00:1"],
    ["NAT64 of loopback", "64:ff9b::7f00:1"],
    ["NAT64 of metadata", "64:ff9b::a9fe:a9fe"],
    ["local NAT64", "64:ff9b:1::808:808"],
    ["6to4 of loopback", "2002:7f00:1::"],
    ["teredo", "2001::1"],
    ["unique local", "fd00::1"],
    ["unique local of a cloud's metadata", "fd00:ec2::254"],
    ["link-local", "fe80::1"],
    ["link-local with a zone", "fe80::1%eth0"],
    ["global with a zone", "2606:4700:4700::1111%eth0"],
    ["deprecated site-local", "fec0::1"],
    ["multicast", "ff02::1"],
    ["documentation", "2001:db8::1"],
    ["discard", "100::1"],
    ["outside global unicast", "4000::1"],
    ["no address", "example.com"],
    ["no address", ""],
  ])("refuses %s: %s", (_range, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

test("an address has one canonical spelling", () => {
  expect(canonicalAddress("::ffff:7f00:1")).toBe("127.0.0.1");
  expect(canonicalAddress("FD00:0::0001")).toBe(canonicalAddress("fd00::1"));
});
