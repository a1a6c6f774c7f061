// The events of the socket, typed by the AsyncAPI document, and what only the REST API has.
import type { components } from "../api/events";
import type { components as rest } from "../api/schema";

export type { Events, Requests } from "../api/events";

type Schemas = components["schemas"];

export type Message = Schemas["ChatMessage"];
export type RoomSummary = Schemas["RoomSummary"];
export type RoomDetails = Schemas["Room"];
export type Member = Schemas["RoomMember"];
export type Access = Schemas["RoomAccess"];
export type RanCommand = Schemas["RanCommand"];
export type Command = rest["schemas"]["Command"];
export type Parameter = rest["schemas"]["CommandParameter"];
export type Choice = rest["schemas"]["CommandChoice"];
