// Types of what travels over `/ws` and in the HTTP API, as docs/protocol.md describes it. There is no code here, so no browser loads this file.

// --- boards and views ---

/** @typedef {{at: number, state: "warning" | "critical", below?: boolean}} Threshold */
/**
 * @typedef {object} Widget
 * @property {string} id @property {string} kind @property {string} title @property {string[]} series @property {string} document
 * @property {number | null} x @property {number | null} y
 * @property {number} w @property {number} h @property {string | null} unit @property {number | null} decimals
 * @property {string | {expr: string, legend?: string}[]} [expr] expressions
 * @property {string} legend @property {number | null} min @property {number | null} max
 * @property {Threshold[]} thresholds @property {string} note
 */
/**
 * `place` is the index of the widget's first selector in the request's list.
 * @typedef {Partial<Widget> & {kind: string, title: string, place?: number}} PlacedWidget
 */
/** @typedef {{title?: string, subtitle?: string, columns: number, rows: number, widgets: PlacedWidget[], window_s?: number, rate_hz?: number, tag?: string, fault?: string}} Board */
/**
 * Change of a field of a tile (of the board without `widget`), or without `field` of the tile itself.
 * @typedef {{widget?: string, field?: string, before?: unknown, after?: unknown, at?: number}} Change
 */
/** Step of an operation, see docs/boards.md. @typedef {{op: string, widget?: string, field?: string, value?: unknown, x?: number, y?: number, w?: number, h?: number, at?: number}} Step */
/** Widget of a draft: it has an id. @typedef {Omit<Partial<Widget>, "x" | "y"> & {id: string, kind: string, title: string, x?: number, y?: number}} DraftWidget */
/**
 * Document of a draft: every widget has an id and a place. Fields that this page does not know are kept.
 * @typedef {object} BoardDocument
 * @property {string} title @property {string} [subtitle] @property {string} [folder] @property {string[]} [tags] @property {number} columns
 * @property {number} rows @property {number} [window_s] @property {number} [rate_hz] @property {DraftWidget[]} widgets
 */
/**
 * @typedef {object} OperationState
 * @property {number} seq @property {string} author @property {string} name @property {string} key @property {number} t @property {Change[]} changes
 * @property {number} [undoes] @property {boolean} [again] @property {number} [published]
 */
/** @typedef {{board: string, document: BoardDocument, seq: number, is_draft: boolean, by: string, t: number, operations: number, history: OperationState[]}} Editing */
/** @typedef {{board: string, page: string, user: string, name: string, widget?: string, place?: [number, number, number, number] | null, gone?: boolean}} BoardEditor */
/**
 * What the server says once about a series. Times are in ms.
 * @typedef {object} Definition
 * @property {number} sid number of the series on this view
 * @property {string} series the series as text: `name{label="value"}`
 * @property {string} name
 * @property {Record<string, string>} labels
 * @property {string} unit
 * @property {number | null} every_s expected cadence
 * @property {string} [kind]
 * @property {number} [ended] when its feeder said that no more samples follow
 * @property {number} last time of the newest sample
 * @property {number[]} selectors indexes of the request's selectors that match this series
 * @property {number[]} [t] times
 * @property {number[]} [v] raw values
 * @property {number[]} [min]
 * @property {number[]} [mean]
 * @property {number[]} [max]
 * @property {[number, number]} [newest] time and value of the newest sample, where the history is in buckets
 * @property {number} [of] how many samples there were before the server sent fewer
 */
/** @typedef {{key: string, body: unknown, t: number, every_s: number | null, selectors: number[]}} DocumentState */
/** sid, times, values, and how many values there were before the server sent fewer. @typedef {[number, number[], number[]] | [number, number[], number[], number]} PointsRow */
/** sid, times, minima, means, maxima, newest sample. @typedef {[number, number[], number[], number[], number[], [number, number]]} BucketsRow */
/**
 * @typedef {object} Snapshot
 * @property {"snapshot"} type
 * @property {string | number} [id]
 * @property {string} view
 * @property {number} as_of
 * @property {string} position
 * @property {number} window_s
 * @property {number} rate_hz
 * @property {number} step_ms length of a bucket, 0 for raw values
 * @property {Definition[]} series
 * @property {DocumentState[]} documents
 * @property {Board} [board]
 */
/**
 * @typedef {object} Frame
 * @property {"frame"} type
 * @property {string | number} [id]
 * @property {string} view
 * @property {number} as_of
 * @property {string} position
 * @property {number} [accepted] when the newest of these values was accepted
 * @property {PointsRow[]} [points]
 * @property {BucketsRow[]} [buckets]
 * @property {Definition[]} [series]
 * @property {DocumentState[]} [documents]
 * @property {number[]} [gone]
 * @property {string[]} [gone_documents]
 */
/** @typedef {{type: "gap", id?: string | number, view: string, reason: string, position: string}} Gap */
/** @typedef {{board: string} | {selectors: string[]}} Watched */
/** @typedef {Watched & {window_s?: number, rate_hz?: number, points?: number, tag?: string, skip?: number[]}} WatchRequest */

// --- people ---

/** @typedef {{id: string, name: string, status: string}} User */
/** @typedef {User & {tabs: number, screens: {board: string, kind?: string}[], rooms: string[], since?: number}} ConnectedUser */
/** `position` is that of the newest change in the room. @typedef {{roomId: string, title: string, kind: string, unread: number, position?: string}} RoomSummary */
/**
 * @typedef {object} Message
 * @property {string} messageId @property {string} roomId @property {string} userId @property {string} name
 * @property {string} text @property {string} html @property {number} t @property {string | number} position
 * @property {string} [key] @property {number} [at] @property {number} [edited] @property {boolean} [deleted] @property {string[]} [mentions]
 */
/** @typedef {{roomId: string, title: string, members: User[], messages: Message[], position: string, recovered: boolean, unread: number, lastRead: string}} JoinedRoom */
/** @typedef {{messageId: string, roomId: string, status: string, key?: string, userId?: string, position?: string}} Acknowledgement */
/** @typedef {{notificationId: string, title: string, body: string, data: {roomId?: string, messageId?: string} | null, t: number, read: boolean}} UserNotification */
/** @typedef {{user: User, role: string, roles: string[], grants: Record<string, string>, now: number, expires: number | null, rooms?: RoomSummary[], unread: number}} Authentication */
/** @typedef {{roomId: string, userId: string, name: string, isTyping: boolean}} TypingNotice */
/** @typedef {{board?: string, people: User[], total?: number, screens: number}} Watchers */

// --- messages by type ---

/**
 * The fields of each message from the server, by its `type`.
 * @typedef {object} ServerFields
 * @property {{build: string, now: number, degraded?: string}} welcome
 * @property {{now: number}} pong
 * @property {{view: string}} unwatched
 * @property {{reason: string}} degraded
 * @property {{window_s: number}} drain
 * @property {{board: string}} reload
 * @property {{board: string, definition?: Board, moved_to?: string}} board_changed
 * @property {Editing} editing
 * @property {{board: string, operation: OperationState}} board_operation
 * @property {BoardEditor} board_editor
 * @property {{code: string, message: string, key?: string}} error
 * @property {Authentication} authenticated
 * @property {{users: ConnectedUser[]}} users
 * @property {{rooms: RoomSummary[]}} rooms
 * @property {JoinedRoom} joined
 * @property {{roomId: string}} left
 * @property {{roomId: string, user: User}} user_joined
 * @property {{roomId: string, user: User}} user_left
 * @property {Message} message
 * @property {Message} message_changed
 * @property {Acknowledgement} ack
 * @property {{roomId: string, messageId: string, unread: number}} read
 * @property {{roomId?: string, messages: Message[], more: boolean}} history
 * @property {TypingNotice} typing
 * @property {{roomId: string, title: string, kind: string}} room_opened
 * @property {{user: User}} user_online
 * @property {{user: User}} user_offline
 * @property {{user: User}} user_update
 * @property {{online?: User[], offline?: User[], updated?: User[]}} users_changed
 * @property {{roomId: string, joined?: User[], left?: User[]}} members_changed
 * @property {Watchers} watchers
 * @property {Omit<UserNotification, "read"> & {unread?: number}} notification
 * @property {UserNotification} notification_changed
 * @property {{notifications: UserNotification[], unread: number, more: boolean}} notifications
 * @property {{unread: number}} notifications_read
 */
/**
 * A message from the server of the given type.
 * @template {keyof ServerFields} T
 * @typedef {ServerFields[T] & {type: T, id?: string | number}} Reply
 */
/** @typedef {{[T in keyof ServerFields]: Reply<T>}[keyof ServerFields] | Snapshot | Frame | Gap} ServerMessage */
/** Any message to the server. @typedef {{type: string, [field: string]: unknown}} ClientMessage */
/**
 * The type of the answer to each request that has exactly one.
 * @typedef {{users: "users", rooms: "rooms", history: "history", edit: "ack", delete: "ack", notifications: "notifications"}} AnswerTypes
 */

export {};
