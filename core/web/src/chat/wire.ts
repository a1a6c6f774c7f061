// The events of the socket, typed by the AsyncAPI document.
import type { components } from "../api/events";

export type { Events, Requests } from "../api/events";

type Schemas = components["schemas"];

export type Message = Schemas["ChatMessage"];
export type RoomSummary = Schemas["RoomSummary"];
export type RoomDetails = Schemas["Room"];
export type Member = Schemas["RoomMember"];
export type Access = Schemas["RoomAccess"];
