import { z } from "zod";
import { number, text } from "./framework.ts";

export const subscriptionCreateSchema = z
  .object({
    agent_id: text,
    user_id: text,
    plan_type: text.default("monthly"),
    price_usd: number.default(9.99),
  })
  .meta({ id: "SubscriptionCreate" });

export const transactionRequestSchema = z
  .object({
    amount: number,
    type: text,
    reference_id: text,
    agent_id: text.nullish(),
    description: text.nullish(),
  })
  .meta({ id: "TransactionRequest" });
