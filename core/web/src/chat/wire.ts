// The events of the socket, as core/src/realtime/protocol has them.

export interface Reaction {
  emoji: string;
  userIds: string[];
}

export interface Message {
  id: string;
  roomId: string;
  seq: number;
  rev: number;
  clientId: string | null;
  authorId: string;
  authorName: string;
  isBot: boolean;
  body: string;
  replyTo: string | null;
  attachments: string[];
  reactions: Reaction[];
  createdAt: string;
  editedAt: string | null;
  deleted: boolean;
}

export type Role = "owner" | "moderator" | "member";
export type Access = "open" | "invite";

export interface RoomSummary {
  id: string;
  name: string;
  access: Access;
  role: Role | null;
  createdAt: string;
  seq: number;
  rev: number;
  readSeq: number;
  unread: number;
}

export interface Member {
  id: string;
  username: string;
  role: Role;
  isBot: boolean;
  online: boolean;
}

export interface RoomDetails extends Omit<RoomSummary, "unread"> {
  memberCount: number;
  members: Member[];
  messages: Message[];
  more: boolean;
}

/** What we send, and what comes back when it worked. */
export interface Requests {
  "room:list": [Record<never, never>, { rooms: RoomSummary[] }];
  "room:join": [{ roomId: string }, { room: RoomDetails }];
  "room:leave": [{ roomId: string }, object];
  "message:send": [{ roomId: string; body: string; replyTo?: string; attachments?: string[]; clientId: string }, { message: Message }];
  "message:edit": [{ messageId: string; body: string }, { message: Message }];
  "message:delete": [{ messageId: string }, { message: Message }];
  "message:react": [{ messageId: string; emoji: string; on: boolean }, { message: Message }];
  "message:history": [{ roomId: string; before?: number; after?: number; limit?: number }, { messages: Message[]; more: boolean }];
  resume: [{ rooms: { roomId: string; rev: number }[] }, { rooms: { roomId: string; messages: Message[]; more: boolean }[] }];
  "room:read": [{ roomId: string; seq: number }, { readSeq: number; unread: number }];
  typing: [{ roomId: string; on: boolean }, object];
  "presence:watch": [{ roomId: string }, { online: string[] }];
}

/** What the server sends. */
export interface Events {
  "message:new": { message: Message };
  "message:edited": { message: Message };
  "message:deleted": { message: Message };
  "message:reacted": { message: Message };
  "room:joined": { roomId: string; user: Member };
  "room:left": { roomId: string; user: { id: string; username: string }; reason: string };
  "room:role": { roomId: string; userId: string; role: Role };
  "room:invited": { room: RoomSummary };
  "room:changed": { roomId: string; name: string; access: Access };
  "room:deleted": { roomId: string };
  "room:read": { roomId: string; userId: string; seq: number };
  typing: { roomId: string; userId: string; username: string; on: boolean };
  presence: { userId: string; online: boolean };
  "session:ended": { reason: string };
  "server:closing": { retryMs: number };
}
