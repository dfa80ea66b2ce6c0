// Generated from the .proto files by scripts/build-proto.ts. Do not edit.
/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars*/
import $protobuf from "protobufjs/minimal.js";

const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;

const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const millrace = $root.millrace = (() => {

    const millrace = {};

    millrace.client = (function() {

        const client = {};

        client.SubmitRequest = (function() {

            function SubmitRequest(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SubmitRequest.prototype.header = null;
            SubmitRequest.prototype.bundle = null;

            let $oneOfFields;

            Object.defineProperty(SubmitRequest.prototype, "message", {
                get: $util.oneOfGetter($oneOfFields = ["header", "bundle"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            SubmitRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.header != null && Object.hasOwnProperty.call(message, "header"))
                    $root.millrace.client.SubmitHeader.encode(message.header, writer.uint32(10).fork(), q + 1).ldelim();
                if (message.bundle != null && Object.hasOwnProperty.call(message, "bundle"))
                    writer.uint32(18).bytes(message.bundle);
                return writer;
            };

            SubmitRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.SubmitRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.header = $root.millrace.client.SubmitHeader.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 2: {
                            message.bundle = reader.bytes();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SubmitRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.SubmitRequest)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.SubmitRequest: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.SubmitRequest();
                if (object.header != null) {
                    if (!$util.isObject(object.header))
                        throw TypeError(".millrace.client.SubmitRequest.header: object expected");
                    message.header = $root.millrace.client.SubmitHeader.fromObject(object.header, long + 1);
                }
                if (object.bundle != null)
                    if (typeof object.bundle === "string")
                        $util.base64.decode(object.bundle, message.bundle = $util.newBuffer($util.base64.length(object.bundle)), 0);
                    else if (object.bundle.length >= 0)
                        message.bundle = object.bundle;
                return message;
            };

            SubmitRequest.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (message.header != null && Object.hasOwnProperty.call(message, "header")) {
                    object.header = $root.millrace.client.SubmitHeader.toObject(message.header, options, q + 1);
                    if (options.oneofs)
                        object.message = "header";
                }
                if (message.bundle != null && Object.hasOwnProperty.call(message, "bundle")) {
                    object.bundle = options.bytes === String ? $util.base64.encode(message.bundle, 0, message.bundle.length) : options.bytes === Array ? Array.prototype.slice.call(message.bundle) : message.bundle;
                    if (options.oneofs)
                        object.message = "bundle";
                }
                return object;
            };

            SubmitRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SubmitRequest;
        })();

        client.SubmitHeader = (function() {

            function SubmitHeader(properties) {
                this.options = {};
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SubmitHeader.prototype.planJson = $util.newBuffer([]);
            SubmitHeader.prototype.options = $util.emptyObject;
            SubmitHeader.prototype.savepointPath = "";
            SubmitHeader.prototype.allowNonRestoredState = false;
            SubmitHeader.prototype.bundleBytes = 0;
            SubmitHeader.prototype.jobId = "";

            SubmitHeader.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.planJson != null && Object.hasOwnProperty.call(message, "planJson"))
                    writer.uint32(10).bytes(message.planJson);
                if (message.options != null && Object.hasOwnProperty.call(message, "options"))
                    for (let keys = Object.keys(message.options), i = 0; i < keys.length; ++i)
                        writer.uint32(18).fork().uint32(10).string(keys[i]).uint32(18).string(message.options[keys[i]]).ldelim();
                if (message.savepointPath != null && Object.hasOwnProperty.call(message, "savepointPath"))
                    writer.uint32(26).string(message.savepointPath);
                if (message.allowNonRestoredState != null && Object.hasOwnProperty.call(message, "allowNonRestoredState"))
                    writer.uint32(32).bool(message.allowNonRestoredState);
                if (message.bundleBytes != null && Object.hasOwnProperty.call(message, "bundleBytes"))
                    writer.uint32(41).double(message.bundleBytes);
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(50).string(message.jobId);
                return writer;
            };

            SubmitHeader.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message, key, value;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.SubmitHeader();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.planJson = reader.bytes();
                            break;
                        }
                    case 2: {
                            if (message.options === $util.emptyObject)
                                message.options = {};
                            let end2 = reader.uint32() + reader.pos;
                            if (end2 > reader.len)
                                throw RangeError("index out of range");
                            reader.len = end2;
                            key = "";
                            value = "";
                            while (reader.pos < end2) {
                                let tag2 = reader.uint32();
                                switch (tag2 >>> 3) {
                                case 1:
                                    key = reader.string();
                                    break;
                                case 2:
                                    value = reader.string();
                                    break;
                                default:
                                    reader.skipType(tag2 & 7, long);
                                    break;
                                }
                            }
                            if (reader.pos !== end2)
                                throw RangeError("index out of range");
                            reader.len = end;
                            if (key === "__proto__")
                                $util.makeProp(message.options, key);
                            message.options[key] = value;
                            break;
                        }
                    case 3: {
                            message.savepointPath = reader.string();
                            break;
                        }
                    case 4: {
                            message.allowNonRestoredState = reader.bool();
                            break;
                        }
                    case 5: {
                            message.bundleBytes = reader.double();
                            break;
                        }
                    case 6: {
                            message.jobId = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SubmitHeader.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.SubmitHeader)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.SubmitHeader: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.SubmitHeader();
                if (object.planJson != null)
                    if (typeof object.planJson === "string")
                        $util.base64.decode(object.planJson, message.planJson = $util.newBuffer($util.base64.length(object.planJson)), 0);
                    else if (object.planJson.length >= 0)
                        message.planJson = object.planJson;
                if (object.options) {
                    if (!$util.isObject(object.options))
                        throw TypeError(".millrace.client.SubmitHeader.options: object expected");
                    message.options = {};
                    for (let keys = Object.keys(object.options), i = 0; i < keys.length; ++i) {
                        if (keys[i] === "__proto__")
                            $util.makeProp(message.options, keys[i]);
                        message.options[keys[i]] = String(object.options[keys[i]]);
                    }
                }
                if (object.savepointPath != null)
                    message.savepointPath = String(object.savepointPath);
                if (object.allowNonRestoredState != null)
                    message.allowNonRestoredState = Boolean(object.allowNonRestoredState);
                if (object.bundleBytes != null)
                    message.bundleBytes = Number(object.bundleBytes);
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                return message;
            };

            SubmitHeader.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.objects || options.defaults)
                    object.options = {};
                if (options.defaults) {
                    if (options.bytes === String)
                        object.planJson = "";
                    else {
                        object.planJson = [];
                        if (options.bytes !== Array)
                            object.planJson = $util.newBuffer(object.planJson);
                    }
                    object.savepointPath = "";
                    object.allowNonRestoredState = false;
                    object.bundleBytes = 0;
                    object.jobId = "";
                }
                if (message.planJson != null && Object.hasOwnProperty.call(message, "planJson"))
                    object.planJson = options.bytes === String ? $util.base64.encode(message.planJson, 0, message.planJson.length) : options.bytes === Array ? Array.prototype.slice.call(message.planJson) : message.planJson;
                let keys2;
                if (message.options && (keys2 = Object.keys(message.options)).length) {
                    object.options = {};
                    for (let j = 0; j < keys2.length; ++j) {
                        if (keys2[j] === "__proto__")
                            $util.makeProp(object.options, keys2[j]);
                        object.options[keys2[j]] = message.options[keys2[j]];
                    }
                }
                if (message.savepointPath != null && Object.hasOwnProperty.call(message, "savepointPath"))
                    object.savepointPath = message.savepointPath;
                if (message.allowNonRestoredState != null && Object.hasOwnProperty.call(message, "allowNonRestoredState"))
                    object.allowNonRestoredState = message.allowNonRestoredState;
                if (message.bundleBytes != null && Object.hasOwnProperty.call(message, "bundleBytes"))
                    object.bundleBytes = options.json && !isFinite(message.bundleBytes) ? String(message.bundleBytes) : message.bundleBytes;
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                return object;
            };

            SubmitHeader.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SubmitHeader;
        })();

        client.SubmitReply = (function() {

            function SubmitReply(properties) {
                this.restoreLines = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SubmitReply.prototype.jobId = "";
            SubmitReply.prototype.restoreLines = $util.emptyArray;

            SubmitReply.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.restoreLines != null && message.restoreLines.length)
                    for (let i = 0; i < message.restoreLines.length; ++i)
                        writer.uint32(18).string(message.restoreLines[i]);
                return writer;
            };

            SubmitReply.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.SubmitReply();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            if (!(message.restoreLines && message.restoreLines.length))
                                message.restoreLines = [];
                            message.restoreLines.push(reader.string());
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SubmitReply.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.SubmitReply)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.SubmitReply: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.SubmitReply();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.restoreLines) {
                    if (!Array.isArray(object.restoreLines))
                        throw TypeError(".millrace.client.SubmitReply.restoreLines: array expected");
                    message.restoreLines = [];
                    for (let i = 0; i < object.restoreLines.length; ++i)
                        message.restoreLines[i] = String(object.restoreLines[i]);
                }
                return message;
            };

            SubmitReply.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.restoreLines = [];
                if (options.defaults)
                    object.jobId = "";
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.restoreLines && message.restoreLines.length) {
                    object.restoreLines = [];
                    for (let j = 0; j < message.restoreLines.length; ++j)
                        object.restoreLines[j] = message.restoreLines[j];
                }
                return object;
            };

            SubmitReply.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SubmitReply;
        })();

        client.ListRequest = (function() {

            function ListRequest(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ListRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                return writer;
            };

            ListRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.ListRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ListRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.ListRequest)
                    return object;
                return new $root.millrace.client.ListRequest();
            };

            ListRequest.toObject = function toObject() {
                return {};
            };

            ListRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ListRequest;
        })();

        client.ListReply = (function() {

            function ListReply(properties) {
                this.jobs = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ListReply.prototype.jobs = $util.emptyArray;

            ListReply.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobs != null && message.jobs.length)
                    for (let i = 0; i < message.jobs.length; ++i)
                        $root.millrace.client.JobStatus.encode(message.jobs[i], writer.uint32(10).fork(), q + 1).ldelim();
                return writer;
            };

            ListReply.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.ListReply();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            if (!(message.jobs && message.jobs.length))
                                message.jobs = [];
                            message.jobs.push($root.millrace.client.JobStatus.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ListReply.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.ListReply)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.ListReply: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.ListReply();
                if (object.jobs) {
                    if (!Array.isArray(object.jobs))
                        throw TypeError(".millrace.client.ListReply.jobs: array expected");
                    message.jobs = [];
                    for (let i = 0; i < object.jobs.length; ++i) {
                        if (!$util.isObject(object.jobs[i]))
                            throw TypeError(".millrace.client.ListReply.jobs: object expected");
                        message.jobs[i] = $root.millrace.client.JobStatus.fromObject(object.jobs[i], long + 1);
                    }
                }
                return message;
            };

            ListReply.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.jobs = [];
                if (message.jobs && message.jobs.length) {
                    object.jobs = [];
                    for (let j = 0; j < message.jobs.length; ++j)
                        object.jobs[j] = $root.millrace.client.JobStatus.toObject(message.jobs[j], options, q + 1);
                }
                return object;
            };

            ListReply.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ListReply;
        })();

        client.JobRequest = (function() {

            function JobRequest(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            JobRequest.prototype.job = "";

            JobRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    writer.uint32(10).string(message.job);
                return writer;
            };

            JobRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.JobRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.job = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            JobRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.JobRequest)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.JobRequest: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.JobRequest();
                if (object.job != null)
                    message.job = String(object.job);
                return message;
            };

            JobRequest.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults)
                    object.job = "";
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    object.job = message.job;
                return object;
            };

            JobRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return JobRequest;
        })();

        client.JobStatus = (function() {

            function JobStatus(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            JobStatus.prototype.jobId = "";
            JobStatus.prototype.name = "";
            JobStatus.prototype.state = "";
            JobStatus.prototype.terminal = false;
            JobStatus.prototype.attempt = 0;
            JobStatus.prototype.submittedMs = 0;
            JobStatus.prototype.stateSinceMs = 0;
            JobStatus.prototype.endedMs = null;
            JobStatus.prototype.detail = "";
            JobStatus.prototype.failure = null;
            JobStatus.prototype.runningSubtasks = 0;
            JobStatus.prototype.totalSubtasks = 0;
            JobStatus.prototype.restarts = 0;
            JobStatus.prototype.savepointPath = "";

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(JobStatus.prototype, "_endedMs", {
                get: $util.oneOfGetter($oneOfFields = ["endedMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(JobStatus.prototype, "_failure", {
                get: $util.oneOfGetter($oneOfFields = ["failure"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            JobStatus.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                    writer.uint32(18).string(message.name);
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    writer.uint32(26).string(message.state);
                if (message.terminal != null && Object.hasOwnProperty.call(message, "terminal"))
                    writer.uint32(32).bool(message.terminal);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(40).uint32(message.attempt);
                if (message.submittedMs != null && Object.hasOwnProperty.call(message, "submittedMs"))
                    writer.uint32(49).double(message.submittedMs);
                if (message.stateSinceMs != null && Object.hasOwnProperty.call(message, "stateSinceMs"))
                    writer.uint32(57).double(message.stateSinceMs);
                if (message.endedMs != null && Object.hasOwnProperty.call(message, "endedMs"))
                    writer.uint32(65).double(message.endedMs);
                if (message.detail != null && Object.hasOwnProperty.call(message, "detail"))
                    writer.uint32(74).string(message.detail);
                if (message.failure != null && Object.hasOwnProperty.call(message, "failure"))
                    $root.millrace.client.Failure.encode(message.failure, writer.uint32(82).fork(), q + 1).ldelim();
                if (message.runningSubtasks != null && Object.hasOwnProperty.call(message, "runningSubtasks"))
                    writer.uint32(88).uint32(message.runningSubtasks);
                if (message.totalSubtasks != null && Object.hasOwnProperty.call(message, "totalSubtasks"))
                    writer.uint32(96).uint32(message.totalSubtasks);
                if (message.restarts != null && Object.hasOwnProperty.call(message, "restarts"))
                    writer.uint32(104).uint32(message.restarts);
                if (message.savepointPath != null && Object.hasOwnProperty.call(message, "savepointPath"))
                    writer.uint32(114).string(message.savepointPath);
                return writer;
            };

            JobStatus.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.JobStatus();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.name = reader.string();
                            break;
                        }
                    case 3: {
                            message.state = reader.string();
                            break;
                        }
                    case 4: {
                            message.terminal = reader.bool();
                            break;
                        }
                    case 5: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 6: {
                            message.submittedMs = reader.double();
                            break;
                        }
                    case 7: {
                            message.stateSinceMs = reader.double();
                            break;
                        }
                    case 8: {
                            message.endedMs = reader.double();
                            break;
                        }
                    case 9: {
                            message.detail = reader.string();
                            break;
                        }
                    case 10: {
                            message.failure = $root.millrace.client.Failure.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 11: {
                            message.runningSubtasks = reader.uint32();
                            break;
                        }
                    case 12: {
                            message.totalSubtasks = reader.uint32();
                            break;
                        }
                    case 13: {
                            message.restarts = reader.uint32();
                            break;
                        }
                    case 14: {
                            message.savepointPath = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            JobStatus.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.JobStatus)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.JobStatus: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.JobStatus();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.name != null)
                    message.name = String(object.name);
                if (object.state != null)
                    message.state = String(object.state);
                if (object.terminal != null)
                    message.terminal = Boolean(object.terminal);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.submittedMs != null)
                    message.submittedMs = Number(object.submittedMs);
                if (object.stateSinceMs != null)
                    message.stateSinceMs = Number(object.stateSinceMs);
                if (object.endedMs != null)
                    message.endedMs = Number(object.endedMs);
                if (object.detail != null)
                    message.detail = String(object.detail);
                if (object.failure != null) {
                    if (!$util.isObject(object.failure))
                        throw TypeError(".millrace.client.JobStatus.failure: object expected");
                    message.failure = $root.millrace.client.Failure.fromObject(object.failure, long + 1);
                }
                if (object.runningSubtasks != null)
                    message.runningSubtasks = object.runningSubtasks >>> 0;
                if (object.totalSubtasks != null)
                    message.totalSubtasks = object.totalSubtasks >>> 0;
                if (object.restarts != null)
                    message.restarts = object.restarts >>> 0;
                if (object.savepointPath != null)
                    message.savepointPath = String(object.savepointPath);
                return message;
            };

            JobStatus.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.name = "";
                    object.state = "";
                    object.terminal = false;
                    object.attempt = 0;
                    object.submittedMs = 0;
                    object.stateSinceMs = 0;
                    object.detail = "";
                    object.runningSubtasks = 0;
                    object.totalSubtasks = 0;
                    object.restarts = 0;
                    object.savepointPath = "";
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                    object.name = message.name;
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    object.state = message.state;
                if (message.terminal != null && Object.hasOwnProperty.call(message, "terminal"))
                    object.terminal = message.terminal;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.submittedMs != null && Object.hasOwnProperty.call(message, "submittedMs"))
                    object.submittedMs = options.json && !isFinite(message.submittedMs) ? String(message.submittedMs) : message.submittedMs;
                if (message.stateSinceMs != null && Object.hasOwnProperty.call(message, "stateSinceMs"))
                    object.stateSinceMs = options.json && !isFinite(message.stateSinceMs) ? String(message.stateSinceMs) : message.stateSinceMs;
                if (message.endedMs != null && Object.hasOwnProperty.call(message, "endedMs")) {
                    object.endedMs = options.json && !isFinite(message.endedMs) ? String(message.endedMs) : message.endedMs;
                    if (options.oneofs)
                        object._endedMs = "endedMs";
                }
                if (message.detail != null && Object.hasOwnProperty.call(message, "detail"))
                    object.detail = message.detail;
                if (message.failure != null && Object.hasOwnProperty.call(message, "failure")) {
                    object.failure = $root.millrace.client.Failure.toObject(message.failure, options, q + 1);
                    if (options.oneofs)
                        object._failure = "failure";
                }
                if (message.runningSubtasks != null && Object.hasOwnProperty.call(message, "runningSubtasks"))
                    object.runningSubtasks = message.runningSubtasks;
                if (message.totalSubtasks != null && Object.hasOwnProperty.call(message, "totalSubtasks"))
                    object.totalSubtasks = message.totalSubtasks;
                if (message.restarts != null && Object.hasOwnProperty.call(message, "restarts"))
                    object.restarts = message.restarts;
                if (message.savepointPath != null && Object.hasOwnProperty.call(message, "savepointPath"))
                    object.savepointPath = message.savepointPath;
                return object;
            };

            JobStatus.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return JobStatus;
        })();

        client.Failure = (function() {

            function Failure(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Failure.prototype.timeMs = 0;
            Failure.prototype.attempt = 0;
            Failure.prototype.code = "";
            Failure.prototype.message = "";
            Failure.prototype.hint = null;
            Failure.prototype.operator = null;
            Failure.prototype.uid = null;
            Failure.prototype.stack = null;
            Failure.prototype.where = "";

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(Failure.prototype, "_hint", {
                get: $util.oneOfGetter($oneOfFields = ["hint"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(Failure.prototype, "_operator", {
                get: $util.oneOfGetter($oneOfFields = ["operator"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(Failure.prototype, "_uid", {
                get: $util.oneOfGetter($oneOfFields = ["uid"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(Failure.prototype, "_stack", {
                get: $util.oneOfGetter($oneOfFields = ["stack"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            Failure.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.timeMs != null && Object.hasOwnProperty.call(message, "timeMs"))
                    writer.uint32(9).double(message.timeMs);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.code != null && Object.hasOwnProperty.call(message, "code"))
                    writer.uint32(26).string(message.code);
                if (message.message != null && Object.hasOwnProperty.call(message, "message"))
                    writer.uint32(34).string(message.message);
                if (message.hint != null && Object.hasOwnProperty.call(message, "hint"))
                    writer.uint32(42).string(message.hint);
                if (message.operator != null && Object.hasOwnProperty.call(message, "operator"))
                    writer.uint32(50).string(message.operator);
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    writer.uint32(58).string(message.uid);
                if (message.stack != null && Object.hasOwnProperty.call(message, "stack"))
                    writer.uint32(66).string(message.stack);
                if (message.where != null && Object.hasOwnProperty.call(message, "where"))
                    writer.uint32(74).string(message.where);
                return writer;
            };

            Failure.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.Failure();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.timeMs = reader.double();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.code = reader.string();
                            break;
                        }
                    case 4: {
                            message.message = reader.string();
                            break;
                        }
                    case 5: {
                            message.hint = reader.string();
                            break;
                        }
                    case 6: {
                            message.operator = reader.string();
                            break;
                        }
                    case 7: {
                            message.uid = reader.string();
                            break;
                        }
                    case 8: {
                            message.stack = reader.string();
                            break;
                        }
                    case 9: {
                            message.where = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Failure.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.Failure)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.Failure: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.Failure();
                if (object.timeMs != null)
                    message.timeMs = Number(object.timeMs);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.code != null)
                    message.code = String(object.code);
                if (object.message != null)
                    message.message = String(object.message);
                if (object.hint != null)
                    message.hint = String(object.hint);
                if (object.operator != null)
                    message.operator = String(object.operator);
                if (object.uid != null)
                    message.uid = String(object.uid);
                if (object.stack != null)
                    message.stack = String(object.stack);
                if (object.where != null)
                    message.where = String(object.where);
                return message;
            };

            Failure.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.timeMs = 0;
                    object.attempt = 0;
                    object.code = "";
                    object.message = "";
                    object.where = "";
                }
                if (message.timeMs != null && Object.hasOwnProperty.call(message, "timeMs"))
                    object.timeMs = options.json && !isFinite(message.timeMs) ? String(message.timeMs) : message.timeMs;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.code != null && Object.hasOwnProperty.call(message, "code"))
                    object.code = message.code;
                if (message.message != null && Object.hasOwnProperty.call(message, "message"))
                    object.message = message.message;
                if (message.hint != null && Object.hasOwnProperty.call(message, "hint")) {
                    object.hint = message.hint;
                    if (options.oneofs)
                        object._hint = "hint";
                }
                if (message.operator != null && Object.hasOwnProperty.call(message, "operator")) {
                    object.operator = message.operator;
                    if (options.oneofs)
                        object._operator = "operator";
                }
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid")) {
                    object.uid = message.uid;
                    if (options.oneofs)
                        object._uid = "uid";
                }
                if (message.stack != null && Object.hasOwnProperty.call(message, "stack")) {
                    object.stack = message.stack;
                    if (options.oneofs)
                        object._stack = "stack";
                }
                if (message.where != null && Object.hasOwnProperty.call(message, "where"))
                    object.where = message.where;
                return object;
            };

            Failure.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Failure;
        })();

        client.JobInfo = (function() {

            function JobInfo(properties) {
                this.vertices = [];
                this.checkpoints = [];
                this.failures = [];
                this.options = {};
                this.sinks = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            JobInfo.prototype.status = null;
            JobInfo.prototype.vertices = $util.emptyArray;
            JobInfo.prototype.checkpoints = $util.emptyArray;
            JobInfo.prototype.failures = $util.emptyArray;
            JobInfo.prototype.planJson = $util.newBuffer([]);
            JobInfo.prototype.options = $util.emptyObject;
            JobInfo.prototype.checkpointCounts = null;
            JobInfo.prototype.restored = null;
            JobInfo.prototype.sinks = $util.emptyArray;

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(JobInfo.prototype, "_restored", {
                get: $util.oneOfGetter($oneOfFields = ["restored"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            JobInfo.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.status != null && Object.hasOwnProperty.call(message, "status"))
                    $root.millrace.client.JobStatus.encode(message.status, writer.uint32(10).fork(), q + 1).ldelim();
                if (message.vertices != null && message.vertices.length)
                    for (let i = 0; i < message.vertices.length; ++i)
                        $root.millrace.client.VertexInfo.encode(message.vertices[i], writer.uint32(18).fork(), q + 1).ldelim();
                if (message.checkpoints != null && message.checkpoints.length)
                    for (let i = 0; i < message.checkpoints.length; ++i)
                        $root.millrace.client.CheckpointInfo.encode(message.checkpoints[i], writer.uint32(26).fork(), q + 1).ldelim();
                if (message.failures != null && message.failures.length)
                    for (let i = 0; i < message.failures.length; ++i)
                        $root.millrace.client.Failure.encode(message.failures[i], writer.uint32(34).fork(), q + 1).ldelim();
                if (message.planJson != null && Object.hasOwnProperty.call(message, "planJson"))
                    writer.uint32(42).bytes(message.planJson);
                if (message.options != null && Object.hasOwnProperty.call(message, "options"))
                    for (let keys = Object.keys(message.options), i = 0; i < keys.length; ++i)
                        writer.uint32(50).fork().uint32(10).string(keys[i]).uint32(18).string(message.options[keys[i]]).ldelim();
                if (message.checkpointCounts != null && Object.hasOwnProperty.call(message, "checkpointCounts"))
                    $root.millrace.client.CheckpointCounts.encode(message.checkpointCounts, writer.uint32(58).fork(), q + 1).ldelim();
                if (message.restored != null && Object.hasOwnProperty.call(message, "restored"))
                    $root.millrace.client.RestoredFrom.encode(message.restored, writer.uint32(66).fork(), q + 1).ldelim();
                if (message.sinks != null && message.sinks.length)
                    for (let i = 0; i < message.sinks.length; ++i)
                        $root.millrace.client.SinkInfo.encode(message.sinks[i], writer.uint32(74).fork(), q + 1).ldelim();
                return writer;
            };

            JobInfo.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message, key, value;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.JobInfo();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.status = $root.millrace.client.JobStatus.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 2: {
                            if (!(message.vertices && message.vertices.length))
                                message.vertices = [];
                            message.vertices.push($root.millrace.client.VertexInfo.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 3: {
                            if (!(message.checkpoints && message.checkpoints.length))
                                message.checkpoints = [];
                            message.checkpoints.push($root.millrace.client.CheckpointInfo.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 4: {
                            if (!(message.failures && message.failures.length))
                                message.failures = [];
                            message.failures.push($root.millrace.client.Failure.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 5: {
                            message.planJson = reader.bytes();
                            break;
                        }
                    case 6: {
                            if (message.options === $util.emptyObject)
                                message.options = {};
                            let end2 = reader.uint32() + reader.pos;
                            if (end2 > reader.len)
                                throw RangeError("index out of range");
                            reader.len = end2;
                            key = "";
                            value = "";
                            while (reader.pos < end2) {
                                let tag2 = reader.uint32();
                                switch (tag2 >>> 3) {
                                case 1:
                                    key = reader.string();
                                    break;
                                case 2:
                                    value = reader.string();
                                    break;
                                default:
                                    reader.skipType(tag2 & 7, long);
                                    break;
                                }
                            }
                            if (reader.pos !== end2)
                                throw RangeError("index out of range");
                            reader.len = end;
                            if (key === "__proto__")
                                $util.makeProp(message.options, key);
                            message.options[key] = value;
                            break;
                        }
                    case 7: {
                            message.checkpointCounts = $root.millrace.client.CheckpointCounts.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 8: {
                            message.restored = $root.millrace.client.RestoredFrom.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 9: {
                            if (!(message.sinks && message.sinks.length))
                                message.sinks = [];
                            message.sinks.push($root.millrace.client.SinkInfo.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            JobInfo.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.JobInfo)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.JobInfo: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.JobInfo();
                if (object.status != null) {
                    if (!$util.isObject(object.status))
                        throw TypeError(".millrace.client.JobInfo.status: object expected");
                    message.status = $root.millrace.client.JobStatus.fromObject(object.status, long + 1);
                }
                if (object.vertices) {
                    if (!Array.isArray(object.vertices))
                        throw TypeError(".millrace.client.JobInfo.vertices: array expected");
                    message.vertices = [];
                    for (let i = 0; i < object.vertices.length; ++i) {
                        if (!$util.isObject(object.vertices[i]))
                            throw TypeError(".millrace.client.JobInfo.vertices: object expected");
                        message.vertices[i] = $root.millrace.client.VertexInfo.fromObject(object.vertices[i], long + 1);
                    }
                }
                if (object.checkpoints) {
                    if (!Array.isArray(object.checkpoints))
                        throw TypeError(".millrace.client.JobInfo.checkpoints: array expected");
                    message.checkpoints = [];
                    for (let i = 0; i < object.checkpoints.length; ++i) {
                        if (!$util.isObject(object.checkpoints[i]))
                            throw TypeError(".millrace.client.JobInfo.checkpoints: object expected");
                        message.checkpoints[i] = $root.millrace.client.CheckpointInfo.fromObject(object.checkpoints[i], long + 1);
                    }
                }
                if (object.failures) {
                    if (!Array.isArray(object.failures))
                        throw TypeError(".millrace.client.JobInfo.failures: array expected");
                    message.failures = [];
                    for (let i = 0; i < object.failures.length; ++i) {
                        if (!$util.isObject(object.failures[i]))
                            throw TypeError(".millrace.client.JobInfo.failures: object expected");
                        message.failures[i] = $root.millrace.client.Failure.fromObject(object.failures[i], long + 1);
                    }
                }
                if (object.planJson != null)
                    if (typeof object.planJson === "string")
                        $util.base64.decode(object.planJson, message.planJson = $util.newBuffer($util.base64.length(object.planJson)), 0);
                    else if (object.planJson.length >= 0)
                        message.planJson = object.planJson;
                if (object.options) {
                    if (!$util.isObject(object.options))
                        throw TypeError(".millrace.client.JobInfo.options: object expected");
                    message.options = {};
                    for (let keys = Object.keys(object.options), i = 0; i < keys.length; ++i) {
                        if (keys[i] === "__proto__")
                            $util.makeProp(message.options, keys[i]);
                        message.options[keys[i]] = String(object.options[keys[i]]);
                    }
                }
                if (object.checkpointCounts != null) {
                    if (!$util.isObject(object.checkpointCounts))
                        throw TypeError(".millrace.client.JobInfo.checkpointCounts: object expected");
                    message.checkpointCounts = $root.millrace.client.CheckpointCounts.fromObject(object.checkpointCounts, long + 1);
                }
                if (object.restored != null) {
                    if (!$util.isObject(object.restored))
                        throw TypeError(".millrace.client.JobInfo.restored: object expected");
                    message.restored = $root.millrace.client.RestoredFrom.fromObject(object.restored, long + 1);
                }
                if (object.sinks) {
                    if (!Array.isArray(object.sinks))
                        throw TypeError(".millrace.client.JobInfo.sinks: array expected");
                    message.sinks = [];
                    for (let i = 0; i < object.sinks.length; ++i) {
                        if (!$util.isObject(object.sinks[i]))
                            throw TypeError(".millrace.client.JobInfo.sinks: object expected");
                        message.sinks[i] = $root.millrace.client.SinkInfo.fromObject(object.sinks[i], long + 1);
                    }
                }
                return message;
            };

            JobInfo.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults) {
                    object.vertices = [];
                    object.checkpoints = [];
                    object.failures = [];
                    object.sinks = [];
                }
                if (options.objects || options.defaults)
                    object.options = {};
                if (options.defaults) {
                    object.status = null;
                    if (options.bytes === String)
                        object.planJson = "";
                    else {
                        object.planJson = [];
                        if (options.bytes !== Array)
                            object.planJson = $util.newBuffer(object.planJson);
                    }
                    object.checkpointCounts = null;
                }
                if (message.status != null && Object.hasOwnProperty.call(message, "status"))
                    object.status = $root.millrace.client.JobStatus.toObject(message.status, options, q + 1);
                if (message.vertices && message.vertices.length) {
                    object.vertices = [];
                    for (let j = 0; j < message.vertices.length; ++j)
                        object.vertices[j] = $root.millrace.client.VertexInfo.toObject(message.vertices[j], options, q + 1);
                }
                if (message.checkpoints && message.checkpoints.length) {
                    object.checkpoints = [];
                    for (let j = 0; j < message.checkpoints.length; ++j)
                        object.checkpoints[j] = $root.millrace.client.CheckpointInfo.toObject(message.checkpoints[j], options, q + 1);
                }
                if (message.failures && message.failures.length) {
                    object.failures = [];
                    for (let j = 0; j < message.failures.length; ++j)
                        object.failures[j] = $root.millrace.client.Failure.toObject(message.failures[j], options, q + 1);
                }
                if (message.planJson != null && Object.hasOwnProperty.call(message, "planJson"))
                    object.planJson = options.bytes === String ? $util.base64.encode(message.planJson, 0, message.planJson.length) : options.bytes === Array ? Array.prototype.slice.call(message.planJson) : message.planJson;
                let keys2;
                if (message.options && (keys2 = Object.keys(message.options)).length) {
                    object.options = {};
                    for (let j = 0; j < keys2.length; ++j) {
                        if (keys2[j] === "__proto__")
                            $util.makeProp(object.options, keys2[j]);
                        object.options[keys2[j]] = message.options[keys2[j]];
                    }
                }
                if (message.checkpointCounts != null && Object.hasOwnProperty.call(message, "checkpointCounts"))
                    object.checkpointCounts = $root.millrace.client.CheckpointCounts.toObject(message.checkpointCounts, options, q + 1);
                if (message.restored != null && Object.hasOwnProperty.call(message, "restored")) {
                    object.restored = $root.millrace.client.RestoredFrom.toObject(message.restored, options, q + 1);
                    if (options.oneofs)
                        object._restored = "restored";
                }
                if (message.sinks && message.sinks.length) {
                    object.sinks = [];
                    for (let j = 0; j < message.sinks.length; ++j)
                        object.sinks[j] = $root.millrace.client.SinkInfo.toObject(message.sinks[j], options, q + 1);
                }
                return object;
            };

            JobInfo.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return JobInfo;
        })();

        client.SinkInfo = (function() {

            function SinkInfo(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SinkInfo.prototype.uid = "";
            SinkInfo.prototype.name = "";
            SinkInfo.prototype.guarantee = "";

            SinkInfo.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    writer.uint32(10).string(message.uid);
                if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                    writer.uint32(18).string(message.name);
                if (message.guarantee != null && Object.hasOwnProperty.call(message, "guarantee"))
                    writer.uint32(26).string(message.guarantee);
                return writer;
            };

            SinkInfo.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.SinkInfo();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.uid = reader.string();
                            break;
                        }
                    case 2: {
                            message.name = reader.string();
                            break;
                        }
                    case 3: {
                            message.guarantee = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SinkInfo.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.SinkInfo)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.SinkInfo: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.SinkInfo();
                if (object.uid != null)
                    message.uid = String(object.uid);
                if (object.name != null)
                    message.name = String(object.name);
                if (object.guarantee != null)
                    message.guarantee = String(object.guarantee);
                return message;
            };

            SinkInfo.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.uid = "";
                    object.name = "";
                    object.guarantee = "";
                }
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    object.uid = message.uid;
                if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                    object.name = message.name;
                if (message.guarantee != null && Object.hasOwnProperty.call(message, "guarantee"))
                    object.guarantee = message.guarantee;
                return object;
            };

            SinkInfo.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SinkInfo;
        })();

        client.RestoredFrom = (function() {

            function RestoredFrom(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            RestoredFrom.prototype.checkpointId = 0;
            RestoredFrom.prototype.path = "";
            RestoredFrom.prototype.kind = "";
            RestoredFrom.prototype.jobId = "";

            RestoredFrom.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(8).uint32(message.checkpointId);
                if (message.path != null && Object.hasOwnProperty.call(message, "path"))
                    writer.uint32(18).string(message.path);
                if (message.kind != null && Object.hasOwnProperty.call(message, "kind"))
                    writer.uint32(26).string(message.kind);
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(34).string(message.jobId);
                return writer;
            };

            RestoredFrom.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.RestoredFrom();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.path = reader.string();
                            break;
                        }
                    case 3: {
                            message.kind = reader.string();
                            break;
                        }
                    case 4: {
                            message.jobId = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            RestoredFrom.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.RestoredFrom)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.RestoredFrom: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.RestoredFrom();
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                if (object.path != null)
                    message.path = String(object.path);
                if (object.kind != null)
                    message.kind = String(object.kind);
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                return message;
            };

            RestoredFrom.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.checkpointId = 0;
                    object.path = "";
                    object.kind = "";
                    object.jobId = "";
                }
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                if (message.path != null && Object.hasOwnProperty.call(message, "path"))
                    object.path = message.path;
                if (message.kind != null && Object.hasOwnProperty.call(message, "kind"))
                    object.kind = message.kind;
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                return object;
            };

            RestoredFrom.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return RestoredFrom;
        })();

        client.VertexInfo = (function() {

            function VertexInfo(properties) {
                this.subtasks = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            VertexInfo.prototype.vertex = 0;
            VertexInfo.prototype.name = "";
            VertexInfo.prototype.parallelism = 0;
            VertexInfo.prototype.recordsIn = 0;
            VertexInfo.prototype.recordsOut = 0;
            VertexInfo.prototype.busyMs = 0;
            VertexInfo.prototype.idleMs = 0;
            VertexInfo.prototype.backpressuredMs = 0;
            VertexInfo.prototype.watermark = null;
            VertexInfo.prototype.heldBy = null;
            VertexInfo.prototype.lateDropped = 0;
            VertexInfo.prototype.errorsSkipped = 0;
            VertexInfo.prototype.subtasks = $util.emptyArray;
            VertexInfo.prototype.waitingFor = null;
            VertexInfo.prototype.waitingSinceMs = null;

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(VertexInfo.prototype, "_watermark", {
                get: $util.oneOfGetter($oneOfFields = ["watermark"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(VertexInfo.prototype, "_heldBy", {
                get: $util.oneOfGetter($oneOfFields = ["heldBy"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(VertexInfo.prototype, "_waitingFor", {
                get: $util.oneOfGetter($oneOfFields = ["waitingFor"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(VertexInfo.prototype, "_waitingSinceMs", {
                get: $util.oneOfGetter($oneOfFields = ["waitingSinceMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            VertexInfo.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    writer.uint32(8).uint32(message.vertex);
                if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                    writer.uint32(18).string(message.name);
                if (message.parallelism != null && Object.hasOwnProperty.call(message, "parallelism"))
                    writer.uint32(24).uint32(message.parallelism);
                if (message.recordsIn != null && Object.hasOwnProperty.call(message, "recordsIn"))
                    writer.uint32(33).double(message.recordsIn);
                if (message.recordsOut != null && Object.hasOwnProperty.call(message, "recordsOut"))
                    writer.uint32(41).double(message.recordsOut);
                if (message.busyMs != null && Object.hasOwnProperty.call(message, "busyMs"))
                    writer.uint32(49).double(message.busyMs);
                if (message.idleMs != null && Object.hasOwnProperty.call(message, "idleMs"))
                    writer.uint32(57).double(message.idleMs);
                if (message.backpressuredMs != null && Object.hasOwnProperty.call(message, "backpressuredMs"))
                    writer.uint32(65).double(message.backpressuredMs);
                if (message.watermark != null && Object.hasOwnProperty.call(message, "watermark"))
                    writer.uint32(73).double(message.watermark);
                if (message.heldBy != null && Object.hasOwnProperty.call(message, "heldBy"))
                    writer.uint32(82).string(message.heldBy);
                if (message.lateDropped != null && Object.hasOwnProperty.call(message, "lateDropped"))
                    writer.uint32(89).double(message.lateDropped);
                if (message.errorsSkipped != null && Object.hasOwnProperty.call(message, "errorsSkipped"))
                    writer.uint32(97).double(message.errorsSkipped);
                if (message.subtasks != null && message.subtasks.length)
                    for (let i = 0; i < message.subtasks.length; ++i)
                        $root.millrace.client.SubtaskInfo.encode(message.subtasks[i], writer.uint32(106).fork(), q + 1).ldelim();
                if (message.waitingFor != null && Object.hasOwnProperty.call(message, "waitingFor"))
                    writer.uint32(114).string(message.waitingFor);
                if (message.waitingSinceMs != null && Object.hasOwnProperty.call(message, "waitingSinceMs"))
                    writer.uint32(121).double(message.waitingSinceMs);
                return writer;
            };

            VertexInfo.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.VertexInfo();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.vertex = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.name = reader.string();
                            break;
                        }
                    case 3: {
                            message.parallelism = reader.uint32();
                            break;
                        }
                    case 4: {
                            message.recordsIn = reader.double();
                            break;
                        }
                    case 5: {
                            message.recordsOut = reader.double();
                            break;
                        }
                    case 6: {
                            message.busyMs = reader.double();
                            break;
                        }
                    case 7: {
                            message.idleMs = reader.double();
                            break;
                        }
                    case 8: {
                            message.backpressuredMs = reader.double();
                            break;
                        }
                    case 9: {
                            message.watermark = reader.double();
                            break;
                        }
                    case 10: {
                            message.heldBy = reader.string();
                            break;
                        }
                    case 11: {
                            message.lateDropped = reader.double();
                            break;
                        }
                    case 12: {
                            message.errorsSkipped = reader.double();
                            break;
                        }
                    case 13: {
                            if (!(message.subtasks && message.subtasks.length))
                                message.subtasks = [];
                            message.subtasks.push($root.millrace.client.SubtaskInfo.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 14: {
                            message.waitingFor = reader.string();
                            break;
                        }
                    case 15: {
                            message.waitingSinceMs = reader.double();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            VertexInfo.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.VertexInfo)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.VertexInfo: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.VertexInfo();
                if (object.vertex != null)
                    message.vertex = object.vertex >>> 0;
                if (object.name != null)
                    message.name = String(object.name);
                if (object.parallelism != null)
                    message.parallelism = object.parallelism >>> 0;
                if (object.recordsIn != null)
                    message.recordsIn = Number(object.recordsIn);
                if (object.recordsOut != null)
                    message.recordsOut = Number(object.recordsOut);
                if (object.busyMs != null)
                    message.busyMs = Number(object.busyMs);
                if (object.idleMs != null)
                    message.idleMs = Number(object.idleMs);
                if (object.backpressuredMs != null)
                    message.backpressuredMs = Number(object.backpressuredMs);
                if (object.watermark != null)
                    message.watermark = Number(object.watermark);
                if (object.heldBy != null)
                    message.heldBy = String(object.heldBy);
                if (object.lateDropped != null)
                    message.lateDropped = Number(object.lateDropped);
                if (object.errorsSkipped != null)
                    message.errorsSkipped = Number(object.errorsSkipped);
                if (object.subtasks) {
                    if (!Array.isArray(object.subtasks))
                        throw TypeError(".millrace.client.VertexInfo.subtasks: array expected");
                    message.subtasks = [];
                    for (let i = 0; i < object.subtasks.length; ++i) {
                        if (!$util.isObject(object.subtasks[i]))
                            throw TypeError(".millrace.client.VertexInfo.subtasks: object expected");
                        message.subtasks[i] = $root.millrace.client.SubtaskInfo.fromObject(object.subtasks[i], long + 1);
                    }
                }
                if (object.waitingFor != null)
                    message.waitingFor = String(object.waitingFor);
                if (object.waitingSinceMs != null)
                    message.waitingSinceMs = Number(object.waitingSinceMs);
                return message;
            };

            VertexInfo.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.subtasks = [];
                if (options.defaults) {
                    object.vertex = 0;
                    object.name = "";
                    object.parallelism = 0;
                    object.recordsIn = 0;
                    object.recordsOut = 0;
                    object.busyMs = 0;
                    object.idleMs = 0;
                    object.backpressuredMs = 0;
                    object.lateDropped = 0;
                    object.errorsSkipped = 0;
                }
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    object.vertex = message.vertex;
                if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                    object.name = message.name;
                if (message.parallelism != null && Object.hasOwnProperty.call(message, "parallelism"))
                    object.parallelism = message.parallelism;
                if (message.recordsIn != null && Object.hasOwnProperty.call(message, "recordsIn"))
                    object.recordsIn = options.json && !isFinite(message.recordsIn) ? String(message.recordsIn) : message.recordsIn;
                if (message.recordsOut != null && Object.hasOwnProperty.call(message, "recordsOut"))
                    object.recordsOut = options.json && !isFinite(message.recordsOut) ? String(message.recordsOut) : message.recordsOut;
                if (message.busyMs != null && Object.hasOwnProperty.call(message, "busyMs"))
                    object.busyMs = options.json && !isFinite(message.busyMs) ? String(message.busyMs) : message.busyMs;
                if (message.idleMs != null && Object.hasOwnProperty.call(message, "idleMs"))
                    object.idleMs = options.json && !isFinite(message.idleMs) ? String(message.idleMs) : message.idleMs;
                if (message.backpressuredMs != null && Object.hasOwnProperty.call(message, "backpressuredMs"))
                    object.backpressuredMs = options.json && !isFinite(message.backpressuredMs) ? String(message.backpressuredMs) : message.backpressuredMs;
                if (message.watermark != null && Object.hasOwnProperty.call(message, "watermark")) {
                    object.watermark = options.json && !isFinite(message.watermark) ? String(message.watermark) : message.watermark;
                    if (options.oneofs)
                        object._watermark = "watermark";
                }
                if (message.heldBy != null && Object.hasOwnProperty.call(message, "heldBy")) {
                    object.heldBy = message.heldBy;
                    if (options.oneofs)
                        object._heldBy = "heldBy";
                }
                if (message.lateDropped != null && Object.hasOwnProperty.call(message, "lateDropped"))
                    object.lateDropped = options.json && !isFinite(message.lateDropped) ? String(message.lateDropped) : message.lateDropped;
                if (message.errorsSkipped != null && Object.hasOwnProperty.call(message, "errorsSkipped"))
                    object.errorsSkipped = options.json && !isFinite(message.errorsSkipped) ? String(message.errorsSkipped) : message.errorsSkipped;
                if (message.subtasks && message.subtasks.length) {
                    object.subtasks = [];
                    for (let j = 0; j < message.subtasks.length; ++j)
                        object.subtasks[j] = $root.millrace.client.SubtaskInfo.toObject(message.subtasks[j], options, q + 1);
                }
                if (message.waitingFor != null && Object.hasOwnProperty.call(message, "waitingFor")) {
                    object.waitingFor = message.waitingFor;
                    if (options.oneofs)
                        object._waitingFor = "waitingFor";
                }
                if (message.waitingSinceMs != null && Object.hasOwnProperty.call(message, "waitingSinceMs")) {
                    object.waitingSinceMs = options.json && !isFinite(message.waitingSinceMs) ? String(message.waitingSinceMs) : message.waitingSinceMs;
                    if (options.oneofs)
                        object._waitingSinceMs = "waitingSinceMs";
                }
                return object;
            };

            VertexInfo.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return VertexInfo;
        })();

        client.SubtaskInfo = (function() {

            function SubtaskInfo(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SubtaskInfo.prototype.subtask = 0;
            SubtaskInfo.prototype.state = "";
            SubtaskInfo.prototype.taskManagerId = "";
            SubtaskInfo.prototype.slot = 0;
            SubtaskInfo.prototype.recordsIn = 0;
            SubtaskInfo.prototype.recordsOut = 0;
            SubtaskInfo.prototype.busyMs = 0;
            SubtaskInfo.prototype.idleMs = 0;
            SubtaskInfo.prototype.backpressuredMs = 0;
            SubtaskInfo.prototype.watermark = null;
            SubtaskInfo.prototype.heldBy = null;
            SubtaskInfo.prototype.lateDropped = 0;
            SubtaskInfo.prototype.errorsSkipped = 0;
            SubtaskInfo.prototype.waitingFor = null;
            SubtaskInfo.prototype.waitingSinceMs = null;

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(SubtaskInfo.prototype, "_watermark", {
                get: $util.oneOfGetter($oneOfFields = ["watermark"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(SubtaskInfo.prototype, "_heldBy", {
                get: $util.oneOfGetter($oneOfFields = ["heldBy"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(SubtaskInfo.prototype, "_waitingFor", {
                get: $util.oneOfGetter($oneOfFields = ["waitingFor"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(SubtaskInfo.prototype, "_waitingSinceMs", {
                get: $util.oneOfGetter($oneOfFields = ["waitingSinceMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            SubtaskInfo.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(8).uint32(message.subtask);
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    writer.uint32(18).string(message.state);
                if (message.taskManagerId != null && Object.hasOwnProperty.call(message, "taskManagerId"))
                    writer.uint32(26).string(message.taskManagerId);
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    writer.uint32(32).uint32(message.slot);
                if (message.recordsIn != null && Object.hasOwnProperty.call(message, "recordsIn"))
                    writer.uint32(41).double(message.recordsIn);
                if (message.recordsOut != null && Object.hasOwnProperty.call(message, "recordsOut"))
                    writer.uint32(49).double(message.recordsOut);
                if (message.busyMs != null && Object.hasOwnProperty.call(message, "busyMs"))
                    writer.uint32(57).double(message.busyMs);
                if (message.idleMs != null && Object.hasOwnProperty.call(message, "idleMs"))
                    writer.uint32(65).double(message.idleMs);
                if (message.backpressuredMs != null && Object.hasOwnProperty.call(message, "backpressuredMs"))
                    writer.uint32(73).double(message.backpressuredMs);
                if (message.watermark != null && Object.hasOwnProperty.call(message, "watermark"))
                    writer.uint32(81).double(message.watermark);
                if (message.heldBy != null && Object.hasOwnProperty.call(message, "heldBy"))
                    writer.uint32(90).string(message.heldBy);
                if (message.lateDropped != null && Object.hasOwnProperty.call(message, "lateDropped"))
                    writer.uint32(97).double(message.lateDropped);
                if (message.errorsSkipped != null && Object.hasOwnProperty.call(message, "errorsSkipped"))
                    writer.uint32(105).double(message.errorsSkipped);
                if (message.waitingFor != null && Object.hasOwnProperty.call(message, "waitingFor"))
                    writer.uint32(114).string(message.waitingFor);
                if (message.waitingSinceMs != null && Object.hasOwnProperty.call(message, "waitingSinceMs"))
                    writer.uint32(121).double(message.waitingSinceMs);
                return writer;
            };

            SubtaskInfo.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.SubtaskInfo();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.state = reader.string();
                            break;
                        }
                    case 3: {
                            message.taskManagerId = reader.string();
                            break;
                        }
                    case 4: {
                            message.slot = reader.uint32();
                            break;
                        }
                    case 5: {
                            message.recordsIn = reader.double();
                            break;
                        }
                    case 6: {
                            message.recordsOut = reader.double();
                            break;
                        }
                    case 7: {
                            message.busyMs = reader.double();
                            break;
                        }
                    case 8: {
                            message.idleMs = reader.double();
                            break;
                        }
                    case 9: {
                            message.backpressuredMs = reader.double();
                            break;
                        }
                    case 10: {
                            message.watermark = reader.double();
                            break;
                        }
                    case 11: {
                            message.heldBy = reader.string();
                            break;
                        }
                    case 12: {
                            message.lateDropped = reader.double();
                            break;
                        }
                    case 13: {
                            message.errorsSkipped = reader.double();
                            break;
                        }
                    case 14: {
                            message.waitingFor = reader.string();
                            break;
                        }
                    case 15: {
                            message.waitingSinceMs = reader.double();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SubtaskInfo.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.SubtaskInfo)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.SubtaskInfo: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.SubtaskInfo();
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.state != null)
                    message.state = String(object.state);
                if (object.taskManagerId != null)
                    message.taskManagerId = String(object.taskManagerId);
                if (object.slot != null)
                    message.slot = object.slot >>> 0;
                if (object.recordsIn != null)
                    message.recordsIn = Number(object.recordsIn);
                if (object.recordsOut != null)
                    message.recordsOut = Number(object.recordsOut);
                if (object.busyMs != null)
                    message.busyMs = Number(object.busyMs);
                if (object.idleMs != null)
                    message.idleMs = Number(object.idleMs);
                if (object.backpressuredMs != null)
                    message.backpressuredMs = Number(object.backpressuredMs);
                if (object.watermark != null)
                    message.watermark = Number(object.watermark);
                if (object.heldBy != null)
                    message.heldBy = String(object.heldBy);
                if (object.lateDropped != null)
                    message.lateDropped = Number(object.lateDropped);
                if (object.errorsSkipped != null)
                    message.errorsSkipped = Number(object.errorsSkipped);
                if (object.waitingFor != null)
                    message.waitingFor = String(object.waitingFor);
                if (object.waitingSinceMs != null)
                    message.waitingSinceMs = Number(object.waitingSinceMs);
                return message;
            };

            SubtaskInfo.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.subtask = 0;
                    object.state = "";
                    object.taskManagerId = "";
                    object.slot = 0;
                    object.recordsIn = 0;
                    object.recordsOut = 0;
                    object.busyMs = 0;
                    object.idleMs = 0;
                    object.backpressuredMs = 0;
                    object.lateDropped = 0;
                    object.errorsSkipped = 0;
                }
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    object.state = message.state;
                if (message.taskManagerId != null && Object.hasOwnProperty.call(message, "taskManagerId"))
                    object.taskManagerId = message.taskManagerId;
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    object.slot = message.slot;
                if (message.recordsIn != null && Object.hasOwnProperty.call(message, "recordsIn"))
                    object.recordsIn = options.json && !isFinite(message.recordsIn) ? String(message.recordsIn) : message.recordsIn;
                if (message.recordsOut != null && Object.hasOwnProperty.call(message, "recordsOut"))
                    object.recordsOut = options.json && !isFinite(message.recordsOut) ? String(message.recordsOut) : message.recordsOut;
                if (message.busyMs != null && Object.hasOwnProperty.call(message, "busyMs"))
                    object.busyMs = options.json && !isFinite(message.busyMs) ? String(message.busyMs) : message.busyMs;
                if (message.idleMs != null && Object.hasOwnProperty.call(message, "idleMs"))
                    object.idleMs = options.json && !isFinite(message.idleMs) ? String(message.idleMs) : message.idleMs;
                if (message.backpressuredMs != null && Object.hasOwnProperty.call(message, "backpressuredMs"))
                    object.backpressuredMs = options.json && !isFinite(message.backpressuredMs) ? String(message.backpressuredMs) : message.backpressuredMs;
                if (message.watermark != null && Object.hasOwnProperty.call(message, "watermark")) {
                    object.watermark = options.json && !isFinite(message.watermark) ? String(message.watermark) : message.watermark;
                    if (options.oneofs)
                        object._watermark = "watermark";
                }
                if (message.heldBy != null && Object.hasOwnProperty.call(message, "heldBy")) {
                    object.heldBy = message.heldBy;
                    if (options.oneofs)
                        object._heldBy = "heldBy";
                }
                if (message.lateDropped != null && Object.hasOwnProperty.call(message, "lateDropped"))
                    object.lateDropped = options.json && !isFinite(message.lateDropped) ? String(message.lateDropped) : message.lateDropped;
                if (message.errorsSkipped != null && Object.hasOwnProperty.call(message, "errorsSkipped"))
                    object.errorsSkipped = options.json && !isFinite(message.errorsSkipped) ? String(message.errorsSkipped) : message.errorsSkipped;
                if (message.waitingFor != null && Object.hasOwnProperty.call(message, "waitingFor")) {
                    object.waitingFor = message.waitingFor;
                    if (options.oneofs)
                        object._waitingFor = "waitingFor";
                }
                if (message.waitingSinceMs != null && Object.hasOwnProperty.call(message, "waitingSinceMs")) {
                    object.waitingSinceMs = options.json && !isFinite(message.waitingSinceMs) ? String(message.waitingSinceMs) : message.waitingSinceMs;
                    if (options.oneofs)
                        object._waitingSinceMs = "waitingSinceMs";
                }
                return object;
            };

            SubtaskInfo.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SubtaskInfo;
        })();

        client.CheckpointInfo = (function() {

            function CheckpointInfo(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            CheckpointInfo.prototype.checkpointId = 0;
            CheckpointInfo.prototype.kind = "";
            CheckpointInfo.prototype.state = "";
            CheckpointInfo.prototype.triggeredMs = 0;
            CheckpointInfo.prototype.endedMs = null;
            CheckpointInfo.prototype.bytes = 0;
            CheckpointInfo.prototype.acknowledged = 0;
            CheckpointInfo.prototype.total = 0;
            CheckpointInfo.prototype.path = null;
            CheckpointInfo.prototype.reason = null;
            CheckpointInfo.prototype.alignmentMs = null;
            CheckpointInfo.prototype.syncMs = null;
            CheckpointInfo.prototype.asyncMs = null;
            CheckpointInfo.prototype.inFlightBytes = null;
            CheckpointInfo.prototype.unaligned = null;
            CheckpointInfo.prototype.storingSinceMs = null;

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(CheckpointInfo.prototype, "_endedMs", {
                get: $util.oneOfGetter($oneOfFields = ["endedMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(CheckpointInfo.prototype, "_path", {
                get: $util.oneOfGetter($oneOfFields = ["path"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(CheckpointInfo.prototype, "_reason", {
                get: $util.oneOfGetter($oneOfFields = ["reason"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(CheckpointInfo.prototype, "_alignmentMs", {
                get: $util.oneOfGetter($oneOfFields = ["alignmentMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(CheckpointInfo.prototype, "_syncMs", {
                get: $util.oneOfGetter($oneOfFields = ["syncMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(CheckpointInfo.prototype, "_asyncMs", {
                get: $util.oneOfGetter($oneOfFields = ["asyncMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(CheckpointInfo.prototype, "_inFlightBytes", {
                get: $util.oneOfGetter($oneOfFields = ["inFlightBytes"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(CheckpointInfo.prototype, "_unaligned", {
                get: $util.oneOfGetter($oneOfFields = ["unaligned"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(CheckpointInfo.prototype, "_storingSinceMs", {
                get: $util.oneOfGetter($oneOfFields = ["storingSinceMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            CheckpointInfo.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(8).uint32(message.checkpointId);
                if (message.kind != null && Object.hasOwnProperty.call(message, "kind"))
                    writer.uint32(18).string(message.kind);
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    writer.uint32(26).string(message.state);
                if (message.triggeredMs != null && Object.hasOwnProperty.call(message, "triggeredMs"))
                    writer.uint32(33).double(message.triggeredMs);
                if (message.endedMs != null && Object.hasOwnProperty.call(message, "endedMs"))
                    writer.uint32(41).double(message.endedMs);
                if (message.bytes != null && Object.hasOwnProperty.call(message, "bytes"))
                    writer.uint32(49).double(message.bytes);
                if (message.acknowledged != null && Object.hasOwnProperty.call(message, "acknowledged"))
                    writer.uint32(56).uint32(message.acknowledged);
                if (message.total != null && Object.hasOwnProperty.call(message, "total"))
                    writer.uint32(64).uint32(message.total);
                if (message.path != null && Object.hasOwnProperty.call(message, "path"))
                    writer.uint32(74).string(message.path);
                if (message.reason != null && Object.hasOwnProperty.call(message, "reason"))
                    writer.uint32(82).string(message.reason);
                if (message.alignmentMs != null && Object.hasOwnProperty.call(message, "alignmentMs"))
                    writer.uint32(89).double(message.alignmentMs);
                if (message.syncMs != null && Object.hasOwnProperty.call(message, "syncMs"))
                    writer.uint32(97).double(message.syncMs);
                if (message.asyncMs != null && Object.hasOwnProperty.call(message, "asyncMs"))
                    writer.uint32(105).double(message.asyncMs);
                if (message.inFlightBytes != null && Object.hasOwnProperty.call(message, "inFlightBytes"))
                    writer.uint32(113).double(message.inFlightBytes);
                if (message.unaligned != null && Object.hasOwnProperty.call(message, "unaligned"))
                    writer.uint32(120).uint32(message.unaligned);
                if (message.storingSinceMs != null && Object.hasOwnProperty.call(message, "storingSinceMs"))
                    writer.uint32(129).double(message.storingSinceMs);
                return writer;
            };

            CheckpointInfo.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.CheckpointInfo();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.kind = reader.string();
                            break;
                        }
                    case 3: {
                            message.state = reader.string();
                            break;
                        }
                    case 4: {
                            message.triggeredMs = reader.double();
                            break;
                        }
                    case 5: {
                            message.endedMs = reader.double();
                            break;
                        }
                    case 6: {
                            message.bytes = reader.double();
                            break;
                        }
                    case 7: {
                            message.acknowledged = reader.uint32();
                            break;
                        }
                    case 8: {
                            message.total = reader.uint32();
                            break;
                        }
                    case 9: {
                            message.path = reader.string();
                            break;
                        }
                    case 10: {
                            message.reason = reader.string();
                            break;
                        }
                    case 11: {
                            message.alignmentMs = reader.double();
                            break;
                        }
                    case 12: {
                            message.syncMs = reader.double();
                            break;
                        }
                    case 13: {
                            message.asyncMs = reader.double();
                            break;
                        }
                    case 14: {
                            message.inFlightBytes = reader.double();
                            break;
                        }
                    case 15: {
                            message.unaligned = reader.uint32();
                            break;
                        }
                    case 16: {
                            message.storingSinceMs = reader.double();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            CheckpointInfo.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.CheckpointInfo)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.CheckpointInfo: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.CheckpointInfo();
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                if (object.kind != null)
                    message.kind = String(object.kind);
                if (object.state != null)
                    message.state = String(object.state);
                if (object.triggeredMs != null)
                    message.triggeredMs = Number(object.triggeredMs);
                if (object.endedMs != null)
                    message.endedMs = Number(object.endedMs);
                if (object.bytes != null)
                    message.bytes = Number(object.bytes);
                if (object.acknowledged != null)
                    message.acknowledged = object.acknowledged >>> 0;
                if (object.total != null)
                    message.total = object.total >>> 0;
                if (object.path != null)
                    message.path = String(object.path);
                if (object.reason != null)
                    message.reason = String(object.reason);
                if (object.alignmentMs != null)
                    message.alignmentMs = Number(object.alignmentMs);
                if (object.syncMs != null)
                    message.syncMs = Number(object.syncMs);
                if (object.asyncMs != null)
                    message.asyncMs = Number(object.asyncMs);
                if (object.inFlightBytes != null)
                    message.inFlightBytes = Number(object.inFlightBytes);
                if (object.unaligned != null)
                    message.unaligned = object.unaligned >>> 0;
                if (object.storingSinceMs != null)
                    message.storingSinceMs = Number(object.storingSinceMs);
                return message;
            };

            CheckpointInfo.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.checkpointId = 0;
                    object.kind = "";
                    object.state = "";
                    object.triggeredMs = 0;
                    object.bytes = 0;
                    object.acknowledged = 0;
                    object.total = 0;
                }
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                if (message.kind != null && Object.hasOwnProperty.call(message, "kind"))
                    object.kind = message.kind;
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    object.state = message.state;
                if (message.triggeredMs != null && Object.hasOwnProperty.call(message, "triggeredMs"))
                    object.triggeredMs = options.json && !isFinite(message.triggeredMs) ? String(message.triggeredMs) : message.triggeredMs;
                if (message.endedMs != null && Object.hasOwnProperty.call(message, "endedMs")) {
                    object.endedMs = options.json && !isFinite(message.endedMs) ? String(message.endedMs) : message.endedMs;
                    if (options.oneofs)
                        object._endedMs = "endedMs";
                }
                if (message.bytes != null && Object.hasOwnProperty.call(message, "bytes"))
                    object.bytes = options.json && !isFinite(message.bytes) ? String(message.bytes) : message.bytes;
                if (message.acknowledged != null && Object.hasOwnProperty.call(message, "acknowledged"))
                    object.acknowledged = message.acknowledged;
                if (message.total != null && Object.hasOwnProperty.call(message, "total"))
                    object.total = message.total;
                if (message.path != null && Object.hasOwnProperty.call(message, "path")) {
                    object.path = message.path;
                    if (options.oneofs)
                        object._path = "path";
                }
                if (message.reason != null && Object.hasOwnProperty.call(message, "reason")) {
                    object.reason = message.reason;
                    if (options.oneofs)
                        object._reason = "reason";
                }
                if (message.alignmentMs != null && Object.hasOwnProperty.call(message, "alignmentMs")) {
                    object.alignmentMs = options.json && !isFinite(message.alignmentMs) ? String(message.alignmentMs) : message.alignmentMs;
                    if (options.oneofs)
                        object._alignmentMs = "alignmentMs";
                }
                if (message.syncMs != null && Object.hasOwnProperty.call(message, "syncMs")) {
                    object.syncMs = options.json && !isFinite(message.syncMs) ? String(message.syncMs) : message.syncMs;
                    if (options.oneofs)
                        object._syncMs = "syncMs";
                }
                if (message.asyncMs != null && Object.hasOwnProperty.call(message, "asyncMs")) {
                    object.asyncMs = options.json && !isFinite(message.asyncMs) ? String(message.asyncMs) : message.asyncMs;
                    if (options.oneofs)
                        object._asyncMs = "asyncMs";
                }
                if (message.inFlightBytes != null && Object.hasOwnProperty.call(message, "inFlightBytes")) {
                    object.inFlightBytes = options.json && !isFinite(message.inFlightBytes) ? String(message.inFlightBytes) : message.inFlightBytes;
                    if (options.oneofs)
                        object._inFlightBytes = "inFlightBytes";
                }
                if (message.unaligned != null && Object.hasOwnProperty.call(message, "unaligned")) {
                    object.unaligned = message.unaligned;
                    if (options.oneofs)
                        object._unaligned = "unaligned";
                }
                if (message.storingSinceMs != null && Object.hasOwnProperty.call(message, "storingSinceMs")) {
                    object.storingSinceMs = options.json && !isFinite(message.storingSinceMs) ? String(message.storingSinceMs) : message.storingSinceMs;
                    if (options.oneofs)
                        object._storingSinceMs = "storingSinceMs";
                }
                return object;
            };

            CheckpointInfo.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return CheckpointInfo;
        })();

        client.CheckpointCounts = (function() {

            function CheckpointCounts(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            CheckpointCounts.prototype.triggered = 0;
            CheckpointCounts.prototype.completed = 0;
            CheckpointCounts.prototype.failed = 0;

            CheckpointCounts.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.triggered != null && Object.hasOwnProperty.call(message, "triggered"))
                    writer.uint32(8).uint32(message.triggered);
                if (message.completed != null && Object.hasOwnProperty.call(message, "completed"))
                    writer.uint32(16).uint32(message.completed);
                if (message.failed != null && Object.hasOwnProperty.call(message, "failed"))
                    writer.uint32(24).uint32(message.failed);
                return writer;
            };

            CheckpointCounts.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.CheckpointCounts();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.triggered = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.completed = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.failed = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            CheckpointCounts.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.CheckpointCounts)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.CheckpointCounts: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.CheckpointCounts();
                if (object.triggered != null)
                    message.triggered = object.triggered >>> 0;
                if (object.completed != null)
                    message.completed = object.completed >>> 0;
                if (object.failed != null)
                    message.failed = object.failed >>> 0;
                return message;
            };

            CheckpointCounts.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.triggered = 0;
                    object.completed = 0;
                    object.failed = 0;
                }
                if (message.triggered != null && Object.hasOwnProperty.call(message, "triggered"))
                    object.triggered = message.triggered;
                if (message.completed != null && Object.hasOwnProperty.call(message, "completed"))
                    object.completed = message.completed;
                if (message.failed != null && Object.hasOwnProperty.call(message, "failed"))
                    object.failed = message.failed;
                return object;
            };

            CheckpointCounts.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return CheckpointCounts;
        })();

        client.StopRequest = (function() {

            function StopRequest(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            StopRequest.prototype.job = "";
            StopRequest.prototype.savepointPath = "";
            StopRequest.prototype.drain = false;

            StopRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    writer.uint32(10).string(message.job);
                if (message.savepointPath != null && Object.hasOwnProperty.call(message, "savepointPath"))
                    writer.uint32(18).string(message.savepointPath);
                if (message.drain != null && Object.hasOwnProperty.call(message, "drain"))
                    writer.uint32(24).bool(message.drain);
                return writer;
            };

            StopRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.StopRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.job = reader.string();
                            break;
                        }
                    case 2: {
                            message.savepointPath = reader.string();
                            break;
                        }
                    case 3: {
                            message.drain = reader.bool();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            StopRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.StopRequest)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.StopRequest: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.StopRequest();
                if (object.job != null)
                    message.job = String(object.job);
                if (object.savepointPath != null)
                    message.savepointPath = String(object.savepointPath);
                if (object.drain != null)
                    message.drain = Boolean(object.drain);
                return message;
            };

            StopRequest.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.job = "";
                    object.savepointPath = "";
                    object.drain = false;
                }
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    object.job = message.job;
                if (message.savepointPath != null && Object.hasOwnProperty.call(message, "savepointPath"))
                    object.savepointPath = message.savepointPath;
                if (message.drain != null && Object.hasOwnProperty.call(message, "drain"))
                    object.drain = message.drain;
                return object;
            };

            StopRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return StopRequest;
        })();

        client.SavepointRequest = (function() {

            function SavepointRequest(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SavepointRequest.prototype.job = "";
            SavepointRequest.prototype.path = "";

            SavepointRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    writer.uint32(10).string(message.job);
                if (message.path != null && Object.hasOwnProperty.call(message, "path"))
                    writer.uint32(18).string(message.path);
                return writer;
            };

            SavepointRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.SavepointRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.job = reader.string();
                            break;
                        }
                    case 2: {
                            message.path = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SavepointRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.SavepointRequest)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.SavepointRequest: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.SavepointRequest();
                if (object.job != null)
                    message.job = String(object.job);
                if (object.path != null)
                    message.path = String(object.path);
                return message;
            };

            SavepointRequest.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.job = "";
                    object.path = "";
                }
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    object.job = message.job;
                if (message.path != null && Object.hasOwnProperty.call(message, "path"))
                    object.path = message.path;
                return object;
            };

            SavepointRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SavepointRequest;
        })();

        client.SnapshotReply = (function() {

            function SnapshotReply(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SnapshotReply.prototype.path = "";
            SnapshotReply.prototype.checkpointId = 0;
            SnapshotReply.prototype.bytes = 0;
            SnapshotReply.prototype.durationMs = 0;

            SnapshotReply.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.path != null && Object.hasOwnProperty.call(message, "path"))
                    writer.uint32(10).string(message.path);
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(16).uint32(message.checkpointId);
                if (message.bytes != null && Object.hasOwnProperty.call(message, "bytes"))
                    writer.uint32(25).double(message.bytes);
                if (message.durationMs != null && Object.hasOwnProperty.call(message, "durationMs"))
                    writer.uint32(33).double(message.durationMs);
                return writer;
            };

            SnapshotReply.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.SnapshotReply();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.path = reader.string();
                            break;
                        }
                    case 2: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.bytes = reader.double();
                            break;
                        }
                    case 4: {
                            message.durationMs = reader.double();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SnapshotReply.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.SnapshotReply)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.SnapshotReply: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.SnapshotReply();
                if (object.path != null)
                    message.path = String(object.path);
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                if (object.bytes != null)
                    message.bytes = Number(object.bytes);
                if (object.durationMs != null)
                    message.durationMs = Number(object.durationMs);
                return message;
            };

            SnapshotReply.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.path = "";
                    object.checkpointId = 0;
                    object.bytes = 0;
                    object.durationMs = 0;
                }
                if (message.path != null && Object.hasOwnProperty.call(message, "path"))
                    object.path = message.path;
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                if (message.bytes != null && Object.hasOwnProperty.call(message, "bytes"))
                    object.bytes = options.json && !isFinite(message.bytes) ? String(message.bytes) : message.bytes;
                if (message.durationMs != null && Object.hasOwnProperty.call(message, "durationMs"))
                    object.durationMs = options.json && !isFinite(message.durationMs) ? String(message.durationMs) : message.durationMs;
                return object;
            };

            SnapshotReply.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SnapshotReply;
        })();

        client.RescaleRequest = (function() {

            function RescaleRequest(properties) {
                this.operators = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            RescaleRequest.prototype.job = "";
            RescaleRequest.prototype.parallelism = 0;
            RescaleRequest.prototype.operators = $util.emptyArray;

            RescaleRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    writer.uint32(10).string(message.job);
                if (message.parallelism != null && Object.hasOwnProperty.call(message, "parallelism"))
                    writer.uint32(16).uint32(message.parallelism);
                if (message.operators != null && message.operators.length)
                    for (let i = 0; i < message.operators.length; ++i)
                        $root.millrace.client.OperatorParallelism.encode(message.operators[i], writer.uint32(26).fork(), q + 1).ldelim();
                return writer;
            };

            RescaleRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.RescaleRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.job = reader.string();
                            break;
                        }
                    case 2: {
                            message.parallelism = reader.uint32();
                            break;
                        }
                    case 3: {
                            if (!(message.operators && message.operators.length))
                                message.operators = [];
                            message.operators.push($root.millrace.client.OperatorParallelism.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            RescaleRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.RescaleRequest)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.RescaleRequest: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.RescaleRequest();
                if (object.job != null)
                    message.job = String(object.job);
                if (object.parallelism != null)
                    message.parallelism = object.parallelism >>> 0;
                if (object.operators) {
                    if (!Array.isArray(object.operators))
                        throw TypeError(".millrace.client.RescaleRequest.operators: array expected");
                    message.operators = [];
                    for (let i = 0; i < object.operators.length; ++i) {
                        if (!$util.isObject(object.operators[i]))
                            throw TypeError(".millrace.client.RescaleRequest.operators: object expected");
                        message.operators[i] = $root.millrace.client.OperatorParallelism.fromObject(object.operators[i], long + 1);
                    }
                }
                return message;
            };

            RescaleRequest.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.operators = [];
                if (options.defaults) {
                    object.job = "";
                    object.parallelism = 0;
                }
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    object.job = message.job;
                if (message.parallelism != null && Object.hasOwnProperty.call(message, "parallelism"))
                    object.parallelism = message.parallelism;
                if (message.operators && message.operators.length) {
                    object.operators = [];
                    for (let j = 0; j < message.operators.length; ++j)
                        object.operators[j] = $root.millrace.client.OperatorParallelism.toObject(message.operators[j], options, q + 1);
                }
                return object;
            };

            RescaleRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return RescaleRequest;
        })();

        client.OperatorParallelism = (function() {

            function OperatorParallelism(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            OperatorParallelism.prototype.operator = "";
            OperatorParallelism.prototype.parallelism = 0;

            OperatorParallelism.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.operator != null && Object.hasOwnProperty.call(message, "operator"))
                    writer.uint32(10).string(message.operator);
                if (message.parallelism != null && Object.hasOwnProperty.call(message, "parallelism"))
                    writer.uint32(16).uint32(message.parallelism);
                return writer;
            };

            OperatorParallelism.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.OperatorParallelism();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.operator = reader.string();
                            break;
                        }
                    case 2: {
                            message.parallelism = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            OperatorParallelism.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.OperatorParallelism)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.OperatorParallelism: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.OperatorParallelism();
                if (object.operator != null)
                    message.operator = String(object.operator);
                if (object.parallelism != null)
                    message.parallelism = object.parallelism >>> 0;
                return message;
            };

            OperatorParallelism.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.operator = "";
                    object.parallelism = 0;
                }
                if (message.operator != null && Object.hasOwnProperty.call(message, "operator"))
                    object.operator = message.operator;
                if (message.parallelism != null && Object.hasOwnProperty.call(message, "parallelism"))
                    object.parallelism = message.parallelism;
                return object;
            };

            OperatorParallelism.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return OperatorParallelism;
        })();

        client.RescaleReply = (function() {

            function RescaleReply(properties) {
                this.vertices = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            RescaleReply.prototype.status = null;
            RescaleReply.prototype.vertices = $util.emptyArray;
            RescaleReply.prototype.durationMs = 0;
            RescaleReply.prototype.interruptedMs = 0;

            RescaleReply.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.status != null && Object.hasOwnProperty.call(message, "status"))
                    $root.millrace.client.JobStatus.encode(message.status, writer.uint32(10).fork(), q + 1).ldelim();
                if (message.vertices != null && message.vertices.length)
                    for (let i = 0; i < message.vertices.length; ++i)
                        $root.millrace.client.VertexChange.encode(message.vertices[i], writer.uint32(18).fork(), q + 1).ldelim();
                if (message.durationMs != null && Object.hasOwnProperty.call(message, "durationMs"))
                    writer.uint32(25).double(message.durationMs);
                if (message.interruptedMs != null && Object.hasOwnProperty.call(message, "interruptedMs"))
                    writer.uint32(33).double(message.interruptedMs);
                return writer;
            };

            RescaleReply.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.RescaleReply();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.status = $root.millrace.client.JobStatus.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 2: {
                            if (!(message.vertices && message.vertices.length))
                                message.vertices = [];
                            message.vertices.push($root.millrace.client.VertexChange.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 3: {
                            message.durationMs = reader.double();
                            break;
                        }
                    case 4: {
                            message.interruptedMs = reader.double();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            RescaleReply.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.RescaleReply)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.RescaleReply: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.RescaleReply();
                if (object.status != null) {
                    if (!$util.isObject(object.status))
                        throw TypeError(".millrace.client.RescaleReply.status: object expected");
                    message.status = $root.millrace.client.JobStatus.fromObject(object.status, long + 1);
                }
                if (object.vertices) {
                    if (!Array.isArray(object.vertices))
                        throw TypeError(".millrace.client.RescaleReply.vertices: array expected");
                    message.vertices = [];
                    for (let i = 0; i < object.vertices.length; ++i) {
                        if (!$util.isObject(object.vertices[i]))
                            throw TypeError(".millrace.client.RescaleReply.vertices: object expected");
                        message.vertices[i] = $root.millrace.client.VertexChange.fromObject(object.vertices[i], long + 1);
                    }
                }
                if (object.durationMs != null)
                    message.durationMs = Number(object.durationMs);
                if (object.interruptedMs != null)
                    message.interruptedMs = Number(object.interruptedMs);
                return message;
            };

            RescaleReply.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.vertices = [];
                if (options.defaults) {
                    object.status = null;
                    object.durationMs = 0;
                    object.interruptedMs = 0;
                }
                if (message.status != null && Object.hasOwnProperty.call(message, "status"))
                    object.status = $root.millrace.client.JobStatus.toObject(message.status, options, q + 1);
                if (message.vertices && message.vertices.length) {
                    object.vertices = [];
                    for (let j = 0; j < message.vertices.length; ++j)
                        object.vertices[j] = $root.millrace.client.VertexChange.toObject(message.vertices[j], options, q + 1);
                }
                if (message.durationMs != null && Object.hasOwnProperty.call(message, "durationMs"))
                    object.durationMs = options.json && !isFinite(message.durationMs) ? String(message.durationMs) : message.durationMs;
                if (message.interruptedMs != null && Object.hasOwnProperty.call(message, "interruptedMs"))
                    object.interruptedMs = options.json && !isFinite(message.interruptedMs) ? String(message.interruptedMs) : message.interruptedMs;
                return object;
            };

            RescaleReply.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return RescaleReply;
        })();

        client.VertexChange = (function() {

            function VertexChange(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            VertexChange.prototype.name = "";
            VertexChange.prototype.before = 0;
            VertexChange.prototype.after = 0;

            VertexChange.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                    writer.uint32(10).string(message.name);
                if (message.before != null && Object.hasOwnProperty.call(message, "before"))
                    writer.uint32(16).uint32(message.before);
                if (message.after != null && Object.hasOwnProperty.call(message, "after"))
                    writer.uint32(24).uint32(message.after);
                return writer;
            };

            VertexChange.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.VertexChange();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.name = reader.string();
                            break;
                        }
                    case 2: {
                            message.before = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.after = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            VertexChange.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.VertexChange)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.VertexChange: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.VertexChange();
                if (object.name != null)
                    message.name = String(object.name);
                if (object.before != null)
                    message.before = object.before >>> 0;
                if (object.after != null)
                    message.after = object.after >>> 0;
                return message;
            };

            VertexChange.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.name = "";
                    object.before = 0;
                    object.after = 0;
                }
                if (message.name != null && Object.hasOwnProperty.call(message, "name"))
                    object.name = message.name;
                if (message.before != null && Object.hasOwnProperty.call(message, "before"))
                    object.before = message.before;
                if (message.after != null && Object.hasOwnProperty.call(message, "after"))
                    object.after = message.after;
                return object;
            };

            VertexChange.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return VertexChange;
        })();

        client.DisposeRequest = (function() {

            function DisposeRequest(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            DisposeRequest.prototype.path = "";

            DisposeRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.path != null && Object.hasOwnProperty.call(message, "path"))
                    writer.uint32(10).string(message.path);
                return writer;
            };

            DisposeRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.DisposeRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.path = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            DisposeRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.DisposeRequest)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.DisposeRequest: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.DisposeRequest();
                if (object.path != null)
                    message.path = String(object.path);
                return message;
            };

            DisposeRequest.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults)
                    object.path = "";
                if (message.path != null && Object.hasOwnProperty.call(message, "path"))
                    object.path = message.path;
                return object;
            };

            DisposeRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return DisposeRequest;
        })();

        client.DisposeReply = (function() {

            function DisposeReply(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            DisposeReply.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                return writer;
            };

            DisposeReply.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.DisposeReply();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            DisposeReply.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.DisposeReply)
                    return object;
                return new $root.millrace.client.DisposeReply();
            };

            DisposeReply.toObject = function toObject() {
                return {};
            };

            DisposeReply.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return DisposeReply;
        })();

        client.CodePiece = (function() {

            function CodePiece(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            CodePiece.prototype.header = null;
            CodePiece.prototype.bundle = null;

            let $oneOfFields;

            Object.defineProperty(CodePiece.prototype, "message", {
                get: $util.oneOfGetter($oneOfFields = ["header", "bundle"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            CodePiece.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.header != null && Object.hasOwnProperty.call(message, "header"))
                    $root.millrace.client.CodeHeader.encode(message.header, writer.uint32(10).fork(), q + 1).ldelim();
                if (message.bundle != null && Object.hasOwnProperty.call(message, "bundle"))
                    writer.uint32(18).bytes(message.bundle);
                return writer;
            };

            CodePiece.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.CodePiece();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.header = $root.millrace.client.CodeHeader.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 2: {
                            message.bundle = reader.bytes();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            CodePiece.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.CodePiece)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.CodePiece: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.CodePiece();
                if (object.header != null) {
                    if (!$util.isObject(object.header))
                        throw TypeError(".millrace.client.CodePiece.header: object expected");
                    message.header = $root.millrace.client.CodeHeader.fromObject(object.header, long + 1);
                }
                if (object.bundle != null)
                    if (typeof object.bundle === "string")
                        $util.base64.decode(object.bundle, message.bundle = $util.newBuffer($util.base64.length(object.bundle)), 0);
                    else if (object.bundle.length >= 0)
                        message.bundle = object.bundle;
                return message;
            };

            CodePiece.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (message.header != null && Object.hasOwnProperty.call(message, "header")) {
                    object.header = $root.millrace.client.CodeHeader.toObject(message.header, options, q + 1);
                    if (options.oneofs)
                        object.message = "header";
                }
                if (message.bundle != null && Object.hasOwnProperty.call(message, "bundle")) {
                    object.bundle = options.bytes === String ? $util.base64.encode(message.bundle, 0, message.bundle.length) : options.bytes === Array ? Array.prototype.slice.call(message.bundle) : message.bundle;
                    if (options.oneofs)
                        object.message = "bundle";
                }
                return object;
            };

            CodePiece.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return CodePiece;
        })();

        client.CodeHeader = (function() {

            function CodeHeader(properties) {
                this.options = {};
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            CodeHeader.prototype.planJson = $util.newBuffer([]);
            CodeHeader.prototype.options = $util.emptyObject;
            CodeHeader.prototype.bundleBytes = 0;

            CodeHeader.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.planJson != null && Object.hasOwnProperty.call(message, "planJson"))
                    writer.uint32(10).bytes(message.planJson);
                if (message.options != null && Object.hasOwnProperty.call(message, "options"))
                    for (let keys = Object.keys(message.options), i = 0; i < keys.length; ++i)
                        writer.uint32(18).fork().uint32(10).string(keys[i]).uint32(18).string(message.options[keys[i]]).ldelim();
                if (message.bundleBytes != null && Object.hasOwnProperty.call(message, "bundleBytes"))
                    writer.uint32(25).double(message.bundleBytes);
                return writer;
            };

            CodeHeader.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message, key, value;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.CodeHeader();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.planJson = reader.bytes();
                            break;
                        }
                    case 2: {
                            if (message.options === $util.emptyObject)
                                message.options = {};
                            let end2 = reader.uint32() + reader.pos;
                            if (end2 > reader.len)
                                throw RangeError("index out of range");
                            reader.len = end2;
                            key = "";
                            value = "";
                            while (reader.pos < end2) {
                                let tag2 = reader.uint32();
                                switch (tag2 >>> 3) {
                                case 1:
                                    key = reader.string();
                                    break;
                                case 2:
                                    value = reader.string();
                                    break;
                                default:
                                    reader.skipType(tag2 & 7, long);
                                    break;
                                }
                            }
                            if (reader.pos !== end2)
                                throw RangeError("index out of range");
                            reader.len = end;
                            if (key === "__proto__")
                                $util.makeProp(message.options, key);
                            message.options[key] = value;
                            break;
                        }
                    case 3: {
                            message.bundleBytes = reader.double();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            CodeHeader.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.CodeHeader)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.CodeHeader: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.CodeHeader();
                if (object.planJson != null)
                    if (typeof object.planJson === "string")
                        $util.base64.decode(object.planJson, message.planJson = $util.newBuffer($util.base64.length(object.planJson)), 0);
                    else if (object.planJson.length >= 0)
                        message.planJson = object.planJson;
                if (object.options) {
                    if (!$util.isObject(object.options))
                        throw TypeError(".millrace.client.CodeHeader.options: object expected");
                    message.options = {};
                    for (let keys = Object.keys(object.options), i = 0; i < keys.length; ++i) {
                        if (keys[i] === "__proto__")
                            $util.makeProp(message.options, keys[i]);
                        message.options[keys[i]] = String(object.options[keys[i]]);
                    }
                }
                if (object.bundleBytes != null)
                    message.bundleBytes = Number(object.bundleBytes);
                return message;
            };

            CodeHeader.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.objects || options.defaults)
                    object.options = {};
                if (options.defaults) {
                    if (options.bytes === String)
                        object.planJson = "";
                    else {
                        object.planJson = [];
                        if (options.bytes !== Array)
                            object.planJson = $util.newBuffer(object.planJson);
                    }
                    object.bundleBytes = 0;
                }
                if (message.planJson != null && Object.hasOwnProperty.call(message, "planJson"))
                    object.planJson = options.bytes === String ? $util.base64.encode(message.planJson, 0, message.planJson.length) : options.bytes === Array ? Array.prototype.slice.call(message.planJson) : message.planJson;
                let keys2;
                if (message.options && (keys2 = Object.keys(message.options)).length) {
                    object.options = {};
                    for (let j = 0; j < keys2.length; ++j) {
                        if (keys2[j] === "__proto__")
                            $util.makeProp(object.options, keys2[j]);
                        object.options[keys2[j]] = message.options[keys2[j]];
                    }
                }
                if (message.bundleBytes != null && Object.hasOwnProperty.call(message, "bundleBytes"))
                    object.bundleBytes = options.json && !isFinite(message.bundleBytes) ? String(message.bundleBytes) : message.bundleBytes;
                return object;
            };

            CodeHeader.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return CodeHeader;
        })();

        client.LogsRequest = (function() {

            function LogsRequest(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            LogsRequest.prototype.job = "";
            LogsRequest.prototype.follow = false;

            LogsRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    writer.uint32(10).string(message.job);
                if (message.follow != null && Object.hasOwnProperty.call(message, "follow"))
                    writer.uint32(16).bool(message.follow);
                return writer;
            };

            LogsRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.LogsRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.job = reader.string();
                            break;
                        }
                    case 2: {
                            message.follow = reader.bool();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            LogsRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.LogsRequest)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.LogsRequest: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.LogsRequest();
                if (object.job != null)
                    message.job = String(object.job);
                if (object.follow != null)
                    message.follow = Boolean(object.follow);
                return message;
            };

            LogsRequest.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.job = "";
                    object.follow = false;
                }
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    object.job = message.job;
                if (message.follow != null && Object.hasOwnProperty.call(message, "follow"))
                    object.follow = message.follow;
                return object;
            };

            LogsRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return LogsRequest;
        })();

        client.LogLine = (function() {

            function LogLine(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            LogLine.prototype.timeMs = 0;
            LogLine.prototype.source = "";
            LogLine.prototype.text = "";

            LogLine.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.timeMs != null && Object.hasOwnProperty.call(message, "timeMs"))
                    writer.uint32(9).double(message.timeMs);
                if (message.source != null && Object.hasOwnProperty.call(message, "source"))
                    writer.uint32(18).string(message.source);
                if (message.text != null && Object.hasOwnProperty.call(message, "text"))
                    writer.uint32(26).string(message.text);
                return writer;
            };

            LogLine.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.LogLine();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.timeMs = reader.double();
                            break;
                        }
                    case 2: {
                            message.source = reader.string();
                            break;
                        }
                    case 3: {
                            message.text = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            LogLine.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.LogLine)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.LogLine: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.LogLine();
                if (object.timeMs != null)
                    message.timeMs = Number(object.timeMs);
                if (object.source != null)
                    message.source = String(object.source);
                if (object.text != null)
                    message.text = String(object.text);
                return message;
            };

            LogLine.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.timeMs = 0;
                    object.source = "";
                    object.text = "";
                }
                if (message.timeMs != null && Object.hasOwnProperty.call(message, "timeMs"))
                    object.timeMs = options.json && !isFinite(message.timeMs) ? String(message.timeMs) : message.timeMs;
                if (message.source != null && Object.hasOwnProperty.call(message, "source"))
                    object.source = message.source;
                if (message.text != null && Object.hasOwnProperty.call(message, "text"))
                    object.text = message.text;
                return object;
            };

            LogLine.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return LogLine;
        })();

        client.ResultsRequest = (function() {

            function ResultsRequest(properties) {
                this.positions = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ResultsRequest.prototype.job = "";
            ResultsRequest.prototype.positions = $util.emptyArray;

            ResultsRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    writer.uint32(10).string(message.job);
                if (message.positions != null && message.positions.length)
                    for (let i = 0; i < message.positions.length; ++i)
                        $root.millrace.client.ResultPosition.encode(message.positions[i], writer.uint32(18).fork(), q + 1).ldelim();
                return writer;
            };

            ResultsRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.ResultsRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.job = reader.string();
                            break;
                        }
                    case 2: {
                            if (!(message.positions && message.positions.length))
                                message.positions = [];
                            message.positions.push($root.millrace.client.ResultPosition.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ResultsRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.ResultsRequest)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.ResultsRequest: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.ResultsRequest();
                if (object.job != null)
                    message.job = String(object.job);
                if (object.positions) {
                    if (!Array.isArray(object.positions))
                        throw TypeError(".millrace.client.ResultsRequest.positions: array expected");
                    message.positions = [];
                    for (let i = 0; i < object.positions.length; ++i) {
                        if (!$util.isObject(object.positions[i]))
                            throw TypeError(".millrace.client.ResultsRequest.positions: object expected");
                        message.positions[i] = $root.millrace.client.ResultPosition.fromObject(object.positions[i], long + 1);
                    }
                }
                return message;
            };

            ResultsRequest.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.positions = [];
                if (options.defaults)
                    object.job = "";
                if (message.job != null && Object.hasOwnProperty.call(message, "job"))
                    object.job = message.job;
                if (message.positions && message.positions.length) {
                    object.positions = [];
                    for (let j = 0; j < message.positions.length; ++j)
                        object.positions[j] = $root.millrace.client.ResultPosition.toObject(message.positions[j], options, q + 1);
                }
                return object;
            };

            ResultsRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ResultsRequest;
        })();

        client.ResultPosition = (function() {

            function ResultPosition(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ResultPosition.prototype.uid = "";
            ResultPosition.prototype.subtask = 0;
            ResultPosition.prototype.next = 0;

            ResultPosition.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    writer.uint32(10).string(message.uid);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(16).uint32(message.subtask);
                if (message.next != null && Object.hasOwnProperty.call(message, "next"))
                    writer.uint32(25).double(message.next);
                return writer;
            };

            ResultPosition.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.ResultPosition();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.uid = reader.string();
                            break;
                        }
                    case 2: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.next = reader.double();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ResultPosition.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.ResultPosition)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.ResultPosition: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.ResultPosition();
                if (object.uid != null)
                    message.uid = String(object.uid);
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.next != null)
                    message.next = Number(object.next);
                return message;
            };

            ResultPosition.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.uid = "";
                    object.subtask = 0;
                    object.next = 0;
                }
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    object.uid = message.uid;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.next != null && Object.hasOwnProperty.call(message, "next"))
                    object.next = options.json && !isFinite(message.next) ? String(message.next) : message.next;
                return object;
            };

            ResultPosition.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ResultPosition;
        })();

        client.ResultsReply = (function() {

            function ResultsReply(properties) {
                this.batches = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ResultsReply.prototype.batches = $util.emptyArray;
            ResultsReply.prototype.ended = false;

            ResultsReply.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.batches != null && message.batches.length)
                    for (let i = 0; i < message.batches.length; ++i)
                        $root.millrace.client.ResultBatch.encode(message.batches[i], writer.uint32(10).fork(), q + 1).ldelim();
                if (message.ended != null && Object.hasOwnProperty.call(message, "ended"))
                    writer.uint32(16).bool(message.ended);
                return writer;
            };

            ResultsReply.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.ResultsReply();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            if (!(message.batches && message.batches.length))
                                message.batches = [];
                            message.batches.push($root.millrace.client.ResultBatch.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 2: {
                            message.ended = reader.bool();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ResultsReply.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.ResultsReply)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.ResultsReply: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.ResultsReply();
                if (object.batches) {
                    if (!Array.isArray(object.batches))
                        throw TypeError(".millrace.client.ResultsReply.batches: array expected");
                    message.batches = [];
                    for (let i = 0; i < object.batches.length; ++i) {
                        if (!$util.isObject(object.batches[i]))
                            throw TypeError(".millrace.client.ResultsReply.batches: object expected");
                        message.batches[i] = $root.millrace.client.ResultBatch.fromObject(object.batches[i], long + 1);
                    }
                }
                if (object.ended != null)
                    message.ended = Boolean(object.ended);
                return message;
            };

            ResultsReply.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.batches = [];
                if (options.defaults)
                    object.ended = false;
                if (message.batches && message.batches.length) {
                    object.batches = [];
                    for (let j = 0; j < message.batches.length; ++j)
                        object.batches[j] = $root.millrace.client.ResultBatch.toObject(message.batches[j], options, q + 1);
                }
                if (message.ended != null && Object.hasOwnProperty.call(message, "ended"))
                    object.ended = message.ended;
                return object;
            };

            ResultsReply.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ResultsReply;
        })();

        client.ResultBatch = (function() {

            function ResultBatch(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ResultBatch.prototype.uid = "";
            ResultBatch.prototype.subtask = 0;
            ResultBatch.prototype.sequence = 0;
            ResultBatch.prototype.recordsJson = $util.newBuffer([]);

            ResultBatch.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    writer.uint32(10).string(message.uid);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(16).uint32(message.subtask);
                if (message.sequence != null && Object.hasOwnProperty.call(message, "sequence"))
                    writer.uint32(25).double(message.sequence);
                if (message.recordsJson != null && Object.hasOwnProperty.call(message, "recordsJson"))
                    writer.uint32(34).bytes(message.recordsJson);
                return writer;
            };

            ResultBatch.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.ResultBatch();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.uid = reader.string();
                            break;
                        }
                    case 2: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.sequence = reader.double();
                            break;
                        }
                    case 4: {
                            message.recordsJson = reader.bytes();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ResultBatch.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.ResultBatch)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.ResultBatch: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.ResultBatch();
                if (object.uid != null)
                    message.uid = String(object.uid);
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.sequence != null)
                    message.sequence = Number(object.sequence);
                if (object.recordsJson != null)
                    if (typeof object.recordsJson === "string")
                        $util.base64.decode(object.recordsJson, message.recordsJson = $util.newBuffer($util.base64.length(object.recordsJson)), 0);
                    else if (object.recordsJson.length >= 0)
                        message.recordsJson = object.recordsJson;
                return message;
            };

            ResultBatch.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.uid = "";
                    object.subtask = 0;
                    object.sequence = 0;
                    if (options.bytes === String)
                        object.recordsJson = "";
                    else {
                        object.recordsJson = [];
                        if (options.bytes !== Array)
                            object.recordsJson = $util.newBuffer(object.recordsJson);
                    }
                }
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    object.uid = message.uid;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.sequence != null && Object.hasOwnProperty.call(message, "sequence"))
                    object.sequence = options.json && !isFinite(message.sequence) ? String(message.sequence) : message.sequence;
                if (message.recordsJson != null && Object.hasOwnProperty.call(message, "recordsJson"))
                    object.recordsJson = options.bytes === String ? $util.base64.encode(message.recordsJson, 0, message.recordsJson.length) : options.bytes === Array ? Array.prototype.slice.call(message.recordsJson) : message.recordsJson;
                return object;
            };

            ResultBatch.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ResultBatch;
        })();

        client.ClusterRequest = (function() {

            function ClusterRequest(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ClusterRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                return writer;
            };

            ClusterRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.ClusterRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ClusterRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.ClusterRequest)
                    return object;
                return new $root.millrace.client.ClusterRequest();
            };

            ClusterRequest.toObject = function toObject() {
                return {};
            };

            ClusterRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ClusterRequest;
        })();

        client.ClusterInfo = (function() {

            function ClusterInfo(properties) {
                this.taskManagers = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ClusterInfo.prototype.version = "";
            ClusterInfo.prototype.epoch = 0;
            ClusterInfo.prototype.startedMs = 0;
            ClusterInfo.prototype.address = "";
            ClusterInfo.prototype.taskManagers = $util.emptyArray;
            ClusterInfo.prototype.slotsTotal = 0;
            ClusterInfo.prototype.slotsFree = 0;
            ClusterInfo.prototype.jobsRunning = 0;

            ClusterInfo.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.version != null && Object.hasOwnProperty.call(message, "version"))
                    writer.uint32(10).string(message.version);
                if (message.epoch != null && Object.hasOwnProperty.call(message, "epoch"))
                    writer.uint32(16).uint32(message.epoch);
                if (message.startedMs != null && Object.hasOwnProperty.call(message, "startedMs"))
                    writer.uint32(25).double(message.startedMs);
                if (message.address != null && Object.hasOwnProperty.call(message, "address"))
                    writer.uint32(34).string(message.address);
                if (message.taskManagers != null && message.taskManagers.length)
                    for (let i = 0; i < message.taskManagers.length; ++i)
                        $root.millrace.client.TaskManagerInfo.encode(message.taskManagers[i], writer.uint32(42).fork(), q + 1).ldelim();
                if (message.slotsTotal != null && Object.hasOwnProperty.call(message, "slotsTotal"))
                    writer.uint32(48).uint32(message.slotsTotal);
                if (message.slotsFree != null && Object.hasOwnProperty.call(message, "slotsFree"))
                    writer.uint32(56).uint32(message.slotsFree);
                if (message.jobsRunning != null && Object.hasOwnProperty.call(message, "jobsRunning"))
                    writer.uint32(64).uint32(message.jobsRunning);
                return writer;
            };

            ClusterInfo.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.ClusterInfo();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.version = reader.string();
                            break;
                        }
                    case 2: {
                            message.epoch = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.startedMs = reader.double();
                            break;
                        }
                    case 4: {
                            message.address = reader.string();
                            break;
                        }
                    case 5: {
                            if (!(message.taskManagers && message.taskManagers.length))
                                message.taskManagers = [];
                            message.taskManagers.push($root.millrace.client.TaskManagerInfo.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 6: {
                            message.slotsTotal = reader.uint32();
                            break;
                        }
                    case 7: {
                            message.slotsFree = reader.uint32();
                            break;
                        }
                    case 8: {
                            message.jobsRunning = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ClusterInfo.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.ClusterInfo)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.ClusterInfo: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.ClusterInfo();
                if (object.version != null)
                    message.version = String(object.version);
                if (object.epoch != null)
                    message.epoch = object.epoch >>> 0;
                if (object.startedMs != null)
                    message.startedMs = Number(object.startedMs);
                if (object.address != null)
                    message.address = String(object.address);
                if (object.taskManagers) {
                    if (!Array.isArray(object.taskManagers))
                        throw TypeError(".millrace.client.ClusterInfo.taskManagers: array expected");
                    message.taskManagers = [];
                    for (let i = 0; i < object.taskManagers.length; ++i) {
                        if (!$util.isObject(object.taskManagers[i]))
                            throw TypeError(".millrace.client.ClusterInfo.taskManagers: object expected");
                        message.taskManagers[i] = $root.millrace.client.TaskManagerInfo.fromObject(object.taskManagers[i], long + 1);
                    }
                }
                if (object.slotsTotal != null)
                    message.slotsTotal = object.slotsTotal >>> 0;
                if (object.slotsFree != null)
                    message.slotsFree = object.slotsFree >>> 0;
                if (object.jobsRunning != null)
                    message.jobsRunning = object.jobsRunning >>> 0;
                return message;
            };

            ClusterInfo.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.taskManagers = [];
                if (options.defaults) {
                    object.version = "";
                    object.epoch = 0;
                    object.startedMs = 0;
                    object.address = "";
                    object.slotsTotal = 0;
                    object.slotsFree = 0;
                    object.jobsRunning = 0;
                }
                if (message.version != null && Object.hasOwnProperty.call(message, "version"))
                    object.version = message.version;
                if (message.epoch != null && Object.hasOwnProperty.call(message, "epoch"))
                    object.epoch = message.epoch;
                if (message.startedMs != null && Object.hasOwnProperty.call(message, "startedMs"))
                    object.startedMs = options.json && !isFinite(message.startedMs) ? String(message.startedMs) : message.startedMs;
                if (message.address != null && Object.hasOwnProperty.call(message, "address"))
                    object.address = message.address;
                if (message.taskManagers && message.taskManagers.length) {
                    object.taskManagers = [];
                    for (let j = 0; j < message.taskManagers.length; ++j)
                        object.taskManagers[j] = $root.millrace.client.TaskManagerInfo.toObject(message.taskManagers[j], options, q + 1);
                }
                if (message.slotsTotal != null && Object.hasOwnProperty.call(message, "slotsTotal"))
                    object.slotsTotal = message.slotsTotal;
                if (message.slotsFree != null && Object.hasOwnProperty.call(message, "slotsFree"))
                    object.slotsFree = message.slotsFree;
                if (message.jobsRunning != null && Object.hasOwnProperty.call(message, "jobsRunning"))
                    object.jobsRunning = message.jobsRunning;
                return object;
            };

            ClusterInfo.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ClusterInfo;
        })();

        client.TaskManagerInfo = (function() {

            function TaskManagerInfo(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            TaskManagerInfo.prototype.id = "";
            TaskManagerInfo.prototype.host = "";
            TaskManagerInfo.prototype.slotsTotal = 0;
            TaskManagerInfo.prototype.slotsFree = 0;
            TaskManagerInfo.prototype.registeredMs = 0;
            TaskManagerInfo.prototype.lastHeartbeatMs = 0;
            TaskManagerInfo.prototype.rssBytes = 0;
            TaskManagerInfo.prototype.arenaBytes = 0;
            TaskManagerInfo.prototype.arenaUsedBytes = 0;
            TaskManagerInfo.prototype.processId = 0;
            TaskManagerInfo.prototype.version = "";
            TaskManagerInfo.prototype.leaving = false;

            TaskManagerInfo.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.id != null && Object.hasOwnProperty.call(message, "id"))
                    writer.uint32(10).string(message.id);
                if (message.host != null && Object.hasOwnProperty.call(message, "host"))
                    writer.uint32(18).string(message.host);
                if (message.slotsTotal != null && Object.hasOwnProperty.call(message, "slotsTotal"))
                    writer.uint32(24).uint32(message.slotsTotal);
                if (message.slotsFree != null && Object.hasOwnProperty.call(message, "slotsFree"))
                    writer.uint32(32).uint32(message.slotsFree);
                if (message.registeredMs != null && Object.hasOwnProperty.call(message, "registeredMs"))
                    writer.uint32(41).double(message.registeredMs);
                if (message.lastHeartbeatMs != null && Object.hasOwnProperty.call(message, "lastHeartbeatMs"))
                    writer.uint32(49).double(message.lastHeartbeatMs);
                if (message.rssBytes != null && Object.hasOwnProperty.call(message, "rssBytes"))
                    writer.uint32(57).double(message.rssBytes);
                if (message.arenaBytes != null && Object.hasOwnProperty.call(message, "arenaBytes"))
                    writer.uint32(65).double(message.arenaBytes);
                if (message.arenaUsedBytes != null && Object.hasOwnProperty.call(message, "arenaUsedBytes"))
                    writer.uint32(73).double(message.arenaUsedBytes);
                if (message.processId != null && Object.hasOwnProperty.call(message, "processId"))
                    writer.uint32(80).uint32(message.processId);
                if (message.version != null && Object.hasOwnProperty.call(message, "version"))
                    writer.uint32(90).string(message.version);
                if (message.leaving != null && Object.hasOwnProperty.call(message, "leaving"))
                    writer.uint32(96).bool(message.leaving);
                return writer;
            };

            TaskManagerInfo.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.client.TaskManagerInfo();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.id = reader.string();
                            break;
                        }
                    case 2: {
                            message.host = reader.string();
                            break;
                        }
                    case 3: {
                            message.slotsTotal = reader.uint32();
                            break;
                        }
                    case 4: {
                            message.slotsFree = reader.uint32();
                            break;
                        }
                    case 5: {
                            message.registeredMs = reader.double();
                            break;
                        }
                    case 6: {
                            message.lastHeartbeatMs = reader.double();
                            break;
                        }
                    case 7: {
                            message.rssBytes = reader.double();
                            break;
                        }
                    case 8: {
                            message.arenaBytes = reader.double();
                            break;
                        }
                    case 9: {
                            message.arenaUsedBytes = reader.double();
                            break;
                        }
                    case 10: {
                            message.processId = reader.uint32();
                            break;
                        }
                    case 11: {
                            message.version = reader.string();
                            break;
                        }
                    case 12: {
                            message.leaving = reader.bool();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            TaskManagerInfo.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.client.TaskManagerInfo)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.client.TaskManagerInfo: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.client.TaskManagerInfo();
                if (object.id != null)
                    message.id = String(object.id);
                if (object.host != null)
                    message.host = String(object.host);
                if (object.slotsTotal != null)
                    message.slotsTotal = object.slotsTotal >>> 0;
                if (object.slotsFree != null)
                    message.slotsFree = object.slotsFree >>> 0;
                if (object.registeredMs != null)
                    message.registeredMs = Number(object.registeredMs);
                if (object.lastHeartbeatMs != null)
                    message.lastHeartbeatMs = Number(object.lastHeartbeatMs);
                if (object.rssBytes != null)
                    message.rssBytes = Number(object.rssBytes);
                if (object.arenaBytes != null)
                    message.arenaBytes = Number(object.arenaBytes);
                if (object.arenaUsedBytes != null)
                    message.arenaUsedBytes = Number(object.arenaUsedBytes);
                if (object.processId != null)
                    message.processId = object.processId >>> 0;
                if (object.version != null)
                    message.version = String(object.version);
                if (object.leaving != null)
                    message.leaving = Boolean(object.leaving);
                return message;
            };

            TaskManagerInfo.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.id = "";
                    object.host = "";
                    object.slotsTotal = 0;
                    object.slotsFree = 0;
                    object.registeredMs = 0;
                    object.lastHeartbeatMs = 0;
                    object.rssBytes = 0;
                    object.arenaBytes = 0;
                    object.arenaUsedBytes = 0;
                    object.processId = 0;
                    object.version = "";
                    object.leaving = false;
                }
                if (message.id != null && Object.hasOwnProperty.call(message, "id"))
                    object.id = message.id;
                if (message.host != null && Object.hasOwnProperty.call(message, "host"))
                    object.host = message.host;
                if (message.slotsTotal != null && Object.hasOwnProperty.call(message, "slotsTotal"))
                    object.slotsTotal = message.slotsTotal;
                if (message.slotsFree != null && Object.hasOwnProperty.call(message, "slotsFree"))
                    object.slotsFree = message.slotsFree;
                if (message.registeredMs != null && Object.hasOwnProperty.call(message, "registeredMs"))
                    object.registeredMs = options.json && !isFinite(message.registeredMs) ? String(message.registeredMs) : message.registeredMs;
                if (message.lastHeartbeatMs != null && Object.hasOwnProperty.call(message, "lastHeartbeatMs"))
                    object.lastHeartbeatMs = options.json && !isFinite(message.lastHeartbeatMs) ? String(message.lastHeartbeatMs) : message.lastHeartbeatMs;
                if (message.rssBytes != null && Object.hasOwnProperty.call(message, "rssBytes"))
                    object.rssBytes = options.json && !isFinite(message.rssBytes) ? String(message.rssBytes) : message.rssBytes;
                if (message.arenaBytes != null && Object.hasOwnProperty.call(message, "arenaBytes"))
                    object.arenaBytes = options.json && !isFinite(message.arenaBytes) ? String(message.arenaBytes) : message.arenaBytes;
                if (message.arenaUsedBytes != null && Object.hasOwnProperty.call(message, "arenaUsedBytes"))
                    object.arenaUsedBytes = options.json && !isFinite(message.arenaUsedBytes) ? String(message.arenaUsedBytes) : message.arenaUsedBytes;
                if (message.processId != null && Object.hasOwnProperty.call(message, "processId"))
                    object.processId = message.processId;
                if (message.version != null && Object.hasOwnProperty.call(message, "version"))
                    object.version = message.version;
                if (message.leaving != null && Object.hasOwnProperty.call(message, "leaving"))
                    object.leaving = message.leaving;
                return object;
            };

            TaskManagerInfo.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return TaskManagerInfo;
        })();

        return client;
    })();

    millrace.control = (function() {

        const control = {};

        control.FromTaskManager = (function() {

            function FromTaskManager(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            FromTaskManager.prototype.register = null;
            FromTaskManager.prototype.heartbeat = null;
            FromTaskManager.prototype.slotReady = null;
            FromTaskManager.prototype.slotReleased = null;
            FromTaskManager.prototype.taskState = null;
            FromTaskManager.prototype.inputEnded = null;
            FromTaskManager.prototype.ack = null;
            FromTaskManager.prototype.decline = null;
            FromTaskManager.prototype.metrics = null;
            FromTaskManager.prototype.print = null;
            FromTaskManager.prototype.results = null;
            FromTaskManager.prototype.leaving = null;

            let $oneOfFields;

            Object.defineProperty(FromTaskManager.prototype, "message", {
                get: $util.oneOfGetter($oneOfFields = ["register", "heartbeat", "slotReady", "slotReleased", "taskState", "inputEnded", "ack", "decline", "metrics", "print", "results", "leaving"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            FromTaskManager.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.register != null && Object.hasOwnProperty.call(message, "register"))
                    $root.millrace.control.Register.encode(message.register, writer.uint32(10).fork(), q + 1).ldelim();
                if (message.heartbeat != null && Object.hasOwnProperty.call(message, "heartbeat"))
                    $root.millrace.control.Heartbeat.encode(message.heartbeat, writer.uint32(18).fork(), q + 1).ldelim();
                if (message.slotReady != null && Object.hasOwnProperty.call(message, "slotReady"))
                    $root.millrace.control.SlotReady.encode(message.slotReady, writer.uint32(26).fork(), q + 1).ldelim();
                if (message.slotReleased != null && Object.hasOwnProperty.call(message, "slotReleased"))
                    $root.millrace.control.SlotReleased.encode(message.slotReleased, writer.uint32(34).fork(), q + 1).ldelim();
                if (message.taskState != null && Object.hasOwnProperty.call(message, "taskState"))
                    $root.millrace.control.TaskState.encode(message.taskState, writer.uint32(42).fork(), q + 1).ldelim();
                if (message.inputEnded != null && Object.hasOwnProperty.call(message, "inputEnded"))
                    $root.millrace.control.InputEnded.encode(message.inputEnded, writer.uint32(50).fork(), q + 1).ldelim();
                if (message.ack != null && Object.hasOwnProperty.call(message, "ack"))
                    $root.millrace.control.Ack.encode(message.ack, writer.uint32(58).fork(), q + 1).ldelim();
                if (message.decline != null && Object.hasOwnProperty.call(message, "decline"))
                    $root.millrace.control.Decline.encode(message.decline, writer.uint32(66).fork(), q + 1).ldelim();
                if (message.metrics != null && Object.hasOwnProperty.call(message, "metrics"))
                    $root.millrace.control.MetricsReport.encode(message.metrics, writer.uint32(74).fork(), q + 1).ldelim();
                if (message.print != null && Object.hasOwnProperty.call(message, "print"))
                    $root.millrace.control.Print.encode(message.print, writer.uint32(82).fork(), q + 1).ldelim();
                if (message.results != null && Object.hasOwnProperty.call(message, "results"))
                    $root.millrace.control.Results.encode(message.results, writer.uint32(90).fork(), q + 1).ldelim();
                if (message.leaving != null && Object.hasOwnProperty.call(message, "leaving"))
                    $root.millrace.control.Leaving.encode(message.leaving, writer.uint32(98).fork(), q + 1).ldelim();
                return writer;
            };

            FromTaskManager.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.FromTaskManager();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.register = $root.millrace.control.Register.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 2: {
                            message.heartbeat = $root.millrace.control.Heartbeat.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 3: {
                            message.slotReady = $root.millrace.control.SlotReady.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 4: {
                            message.slotReleased = $root.millrace.control.SlotReleased.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 5: {
                            message.taskState = $root.millrace.control.TaskState.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 6: {
                            message.inputEnded = $root.millrace.control.InputEnded.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 7: {
                            message.ack = $root.millrace.control.Ack.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 8: {
                            message.decline = $root.millrace.control.Decline.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 9: {
                            message.metrics = $root.millrace.control.MetricsReport.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 10: {
                            message.print = $root.millrace.control.Print.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 11: {
                            message.results = $root.millrace.control.Results.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 12: {
                            message.leaving = $root.millrace.control.Leaving.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            FromTaskManager.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.FromTaskManager)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.FromTaskManager: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.FromTaskManager();
                if (object.register != null) {
                    if (!$util.isObject(object.register))
                        throw TypeError(".millrace.control.FromTaskManager.register: object expected");
                    message.register = $root.millrace.control.Register.fromObject(object.register, long + 1);
                }
                if (object.heartbeat != null) {
                    if (!$util.isObject(object.heartbeat))
                        throw TypeError(".millrace.control.FromTaskManager.heartbeat: object expected");
                    message.heartbeat = $root.millrace.control.Heartbeat.fromObject(object.heartbeat, long + 1);
                }
                if (object.slotReady != null) {
                    if (!$util.isObject(object.slotReady))
                        throw TypeError(".millrace.control.FromTaskManager.slotReady: object expected");
                    message.slotReady = $root.millrace.control.SlotReady.fromObject(object.slotReady, long + 1);
                }
                if (object.slotReleased != null) {
                    if (!$util.isObject(object.slotReleased))
                        throw TypeError(".millrace.control.FromTaskManager.slotReleased: object expected");
                    message.slotReleased = $root.millrace.control.SlotReleased.fromObject(object.slotReleased, long + 1);
                }
                if (object.taskState != null) {
                    if (!$util.isObject(object.taskState))
                        throw TypeError(".millrace.control.FromTaskManager.taskState: object expected");
                    message.taskState = $root.millrace.control.TaskState.fromObject(object.taskState, long + 1);
                }
                if (object.inputEnded != null) {
                    if (!$util.isObject(object.inputEnded))
                        throw TypeError(".millrace.control.FromTaskManager.inputEnded: object expected");
                    message.inputEnded = $root.millrace.control.InputEnded.fromObject(object.inputEnded, long + 1);
                }
                if (object.ack != null) {
                    if (!$util.isObject(object.ack))
                        throw TypeError(".millrace.control.FromTaskManager.ack: object expected");
                    message.ack = $root.millrace.control.Ack.fromObject(object.ack, long + 1);
                }
                if (object.decline != null) {
                    if (!$util.isObject(object.decline))
                        throw TypeError(".millrace.control.FromTaskManager.decline: object expected");
                    message.decline = $root.millrace.control.Decline.fromObject(object.decline, long + 1);
                }
                if (object.metrics != null) {
                    if (!$util.isObject(object.metrics))
                        throw TypeError(".millrace.control.FromTaskManager.metrics: object expected");
                    message.metrics = $root.millrace.control.MetricsReport.fromObject(object.metrics, long + 1);
                }
                if (object.print != null) {
                    if (!$util.isObject(object.print))
                        throw TypeError(".millrace.control.FromTaskManager.print: object expected");
                    message.print = $root.millrace.control.Print.fromObject(object.print, long + 1);
                }
                if (object.results != null) {
                    if (!$util.isObject(object.results))
                        throw TypeError(".millrace.control.FromTaskManager.results: object expected");
                    message.results = $root.millrace.control.Results.fromObject(object.results, long + 1);
                }
                if (object.leaving != null) {
                    if (!$util.isObject(object.leaving))
                        throw TypeError(".millrace.control.FromTaskManager.leaving: object expected");
                    message.leaving = $root.millrace.control.Leaving.fromObject(object.leaving, long + 1);
                }
                return message;
            };

            FromTaskManager.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (message.register != null && Object.hasOwnProperty.call(message, "register")) {
                    object.register = $root.millrace.control.Register.toObject(message.register, options, q + 1);
                    if (options.oneofs)
                        object.message = "register";
                }
                if (message.heartbeat != null && Object.hasOwnProperty.call(message, "heartbeat")) {
                    object.heartbeat = $root.millrace.control.Heartbeat.toObject(message.heartbeat, options, q + 1);
                    if (options.oneofs)
                        object.message = "heartbeat";
                }
                if (message.slotReady != null && Object.hasOwnProperty.call(message, "slotReady")) {
                    object.slotReady = $root.millrace.control.SlotReady.toObject(message.slotReady, options, q + 1);
                    if (options.oneofs)
                        object.message = "slotReady";
                }
                if (message.slotReleased != null && Object.hasOwnProperty.call(message, "slotReleased")) {
                    object.slotReleased = $root.millrace.control.SlotReleased.toObject(message.slotReleased, options, q + 1);
                    if (options.oneofs)
                        object.message = "slotReleased";
                }
                if (message.taskState != null && Object.hasOwnProperty.call(message, "taskState")) {
                    object.taskState = $root.millrace.control.TaskState.toObject(message.taskState, options, q + 1);
                    if (options.oneofs)
                        object.message = "taskState";
                }
                if (message.inputEnded != null && Object.hasOwnProperty.call(message, "inputEnded")) {
                    object.inputEnded = $root.millrace.control.InputEnded.toObject(message.inputEnded, options, q + 1);
                    if (options.oneofs)
                        object.message = "inputEnded";
                }
                if (message.ack != null && Object.hasOwnProperty.call(message, "ack")) {
                    object.ack = $root.millrace.control.Ack.toObject(message.ack, options, q + 1);
                    if (options.oneofs)
                        object.message = "ack";
                }
                if (message.decline != null && Object.hasOwnProperty.call(message, "decline")) {
                    object.decline = $root.millrace.control.Decline.toObject(message.decline, options, q + 1);
                    if (options.oneofs)
                        object.message = "decline";
                }
                if (message.metrics != null && Object.hasOwnProperty.call(message, "metrics")) {
                    object.metrics = $root.millrace.control.MetricsReport.toObject(message.metrics, options, q + 1);
                    if (options.oneofs)
                        object.message = "metrics";
                }
                if (message.print != null && Object.hasOwnProperty.call(message, "print")) {
                    object.print = $root.millrace.control.Print.toObject(message.print, options, q + 1);
                    if (options.oneofs)
                        object.message = "print";
                }
                if (message.results != null && Object.hasOwnProperty.call(message, "results")) {
                    object.results = $root.millrace.control.Results.toObject(message.results, options, q + 1);
                    if (options.oneofs)
                        object.message = "results";
                }
                if (message.leaving != null && Object.hasOwnProperty.call(message, "leaving")) {
                    object.leaving = $root.millrace.control.Leaving.toObject(message.leaving, options, q + 1);
                    if (options.oneofs)
                        object.message = "leaving";
                }
                return object;
            };

            FromTaskManager.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return FromTaskManager;
        })();

        control.Register = (function() {

            function Register(properties) {
                this.slots = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Register.prototype.id = "";
            Register.prototype.host = "";
            Register.prototype.protocol = 0;
            Register.prototype.version = "";
            Register.prototype.arenaBytes = 0;
            Register.prototype.processId = 0;
            Register.prototype.slots = $util.emptyArray;
            Register.prototype.hostName = "";

            Register.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.id != null && Object.hasOwnProperty.call(message, "id"))
                    writer.uint32(10).string(message.id);
                if (message.host != null && Object.hasOwnProperty.call(message, "host"))
                    writer.uint32(18).string(message.host);
                if (message.protocol != null && Object.hasOwnProperty.call(message, "protocol"))
                    writer.uint32(24).uint32(message.protocol);
                if (message.version != null && Object.hasOwnProperty.call(message, "version"))
                    writer.uint32(34).string(message.version);
                if (message.arenaBytes != null && Object.hasOwnProperty.call(message, "arenaBytes"))
                    writer.uint32(41).double(message.arenaBytes);
                if (message.processId != null && Object.hasOwnProperty.call(message, "processId"))
                    writer.uint32(48).uint32(message.processId);
                if (message.slots != null && message.slots.length)
                    for (let i = 0; i < message.slots.length; ++i)
                        $root.millrace.control.SlotStatus.encode(message.slots[i], writer.uint32(58).fork(), q + 1).ldelim();
                if (message.hostName != null && Object.hasOwnProperty.call(message, "hostName"))
                    writer.uint32(66).string(message.hostName);
                return writer;
            };

            Register.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Register();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.id = reader.string();
                            break;
                        }
                    case 2: {
                            message.host = reader.string();
                            break;
                        }
                    case 3: {
                            message.protocol = reader.uint32();
                            break;
                        }
                    case 4: {
                            message.version = reader.string();
                            break;
                        }
                    case 5: {
                            message.arenaBytes = reader.double();
                            break;
                        }
                    case 6: {
                            message.processId = reader.uint32();
                            break;
                        }
                    case 7: {
                            if (!(message.slots && message.slots.length))
                                message.slots = [];
                            message.slots.push($root.millrace.control.SlotStatus.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 8: {
                            message.hostName = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Register.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Register)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Register: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Register();
                if (object.id != null)
                    message.id = String(object.id);
                if (object.host != null)
                    message.host = String(object.host);
                if (object.protocol != null)
                    message.protocol = object.protocol >>> 0;
                if (object.version != null)
                    message.version = String(object.version);
                if (object.arenaBytes != null)
                    message.arenaBytes = Number(object.arenaBytes);
                if (object.processId != null)
                    message.processId = object.processId >>> 0;
                if (object.slots) {
                    if (!Array.isArray(object.slots))
                        throw TypeError(".millrace.control.Register.slots: array expected");
                    message.slots = [];
                    for (let i = 0; i < object.slots.length; ++i) {
                        if (!$util.isObject(object.slots[i]))
                            throw TypeError(".millrace.control.Register.slots: object expected");
                        message.slots[i] = $root.millrace.control.SlotStatus.fromObject(object.slots[i], long + 1);
                    }
                }
                if (object.hostName != null)
                    message.hostName = String(object.hostName);
                return message;
            };

            Register.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.slots = [];
                if (options.defaults) {
                    object.id = "";
                    object.host = "";
                    object.protocol = 0;
                    object.version = "";
                    object.arenaBytes = 0;
                    object.processId = 0;
                    object.hostName = "";
                }
                if (message.id != null && Object.hasOwnProperty.call(message, "id"))
                    object.id = message.id;
                if (message.host != null && Object.hasOwnProperty.call(message, "host"))
                    object.host = message.host;
                if (message.protocol != null && Object.hasOwnProperty.call(message, "protocol"))
                    object.protocol = message.protocol;
                if (message.version != null && Object.hasOwnProperty.call(message, "version"))
                    object.version = message.version;
                if (message.arenaBytes != null && Object.hasOwnProperty.call(message, "arenaBytes"))
                    object.arenaBytes = options.json && !isFinite(message.arenaBytes) ? String(message.arenaBytes) : message.arenaBytes;
                if (message.processId != null && Object.hasOwnProperty.call(message, "processId"))
                    object.processId = message.processId;
                if (message.slots && message.slots.length) {
                    object.slots = [];
                    for (let j = 0; j < message.slots.length; ++j)
                        object.slots[j] = $root.millrace.control.SlotStatus.toObject(message.slots[j], options, q + 1);
                }
                if (message.hostName != null && Object.hasOwnProperty.call(message, "hostName"))
                    object.hostName = message.hostName;
                return object;
            };

            Register.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Register;
        })();

        control.SlotStatus = (function() {

            function SlotStatus(properties) {
                this.subtasks = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SlotStatus.prototype.slot = 0;
            SlotStatus.prototype.port = 0;
            SlotStatus.prototype.jobId = "";
            SlotStatus.prototype.attempt = 0;
            SlotStatus.prototype.subtasks = $util.emptyArray;
            SlotStatus.prototype.checkpointId = 0;

            SlotStatus.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    writer.uint32(8).uint32(message.slot);
                if (message.port != null && Object.hasOwnProperty.call(message, "port"))
                    writer.uint32(16).uint32(message.port);
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(26).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(32).uint32(message.attempt);
                if (message.subtasks != null && message.subtasks.length)
                    for (let i = 0; i < message.subtasks.length; ++i)
                        $root.millrace.control.SubtaskStatus.encode(message.subtasks[i], writer.uint32(42).fork(), q + 1).ldelim();
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(48).uint32(message.checkpointId);
                return writer;
            };

            SlotStatus.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.SlotStatus();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.slot = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.port = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 4: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 5: {
                            if (!(message.subtasks && message.subtasks.length))
                                message.subtasks = [];
                            message.subtasks.push($root.millrace.control.SubtaskStatus.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 6: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SlotStatus.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.SlotStatus)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.SlotStatus: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.SlotStatus();
                if (object.slot != null)
                    message.slot = object.slot >>> 0;
                if (object.port != null)
                    message.port = object.port >>> 0;
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.subtasks) {
                    if (!Array.isArray(object.subtasks))
                        throw TypeError(".millrace.control.SlotStatus.subtasks: array expected");
                    message.subtasks = [];
                    for (let i = 0; i < object.subtasks.length; ++i) {
                        if (!$util.isObject(object.subtasks[i]))
                            throw TypeError(".millrace.control.SlotStatus.subtasks: object expected");
                        message.subtasks[i] = $root.millrace.control.SubtaskStatus.fromObject(object.subtasks[i], long + 1);
                    }
                }
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                return message;
            };

            SlotStatus.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.subtasks = [];
                if (options.defaults) {
                    object.slot = 0;
                    object.port = 0;
                    object.jobId = "";
                    object.attempt = 0;
                    object.checkpointId = 0;
                }
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    object.slot = message.slot;
                if (message.port != null && Object.hasOwnProperty.call(message, "port"))
                    object.port = message.port;
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.subtasks && message.subtasks.length) {
                    object.subtasks = [];
                    for (let j = 0; j < message.subtasks.length; ++j)
                        object.subtasks[j] = $root.millrace.control.SubtaskStatus.toObject(message.subtasks[j], options, q + 1);
                }
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                return object;
            };

            SlotStatus.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SlotStatus;
        })();

        control.SubtaskStatus = (function() {

            function SubtaskStatus(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SubtaskStatus.prototype.vertex = 0;
            SubtaskStatus.prototype.subtask = 0;
            SubtaskStatus.prototype.state = "";
            SubtaskStatus.prototype.inputEnded = false;

            SubtaskStatus.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    writer.uint32(8).uint32(message.vertex);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(16).uint32(message.subtask);
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    writer.uint32(26).string(message.state);
                if (message.inputEnded != null && Object.hasOwnProperty.call(message, "inputEnded"))
                    writer.uint32(32).bool(message.inputEnded);
                return writer;
            };

            SubtaskStatus.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.SubtaskStatus();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.vertex = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.state = reader.string();
                            break;
                        }
                    case 4: {
                            message.inputEnded = reader.bool();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SubtaskStatus.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.SubtaskStatus)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.SubtaskStatus: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.SubtaskStatus();
                if (object.vertex != null)
                    message.vertex = object.vertex >>> 0;
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.state != null)
                    message.state = String(object.state);
                if (object.inputEnded != null)
                    message.inputEnded = Boolean(object.inputEnded);
                return message;
            };

            SubtaskStatus.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.vertex = 0;
                    object.subtask = 0;
                    object.state = "";
                    object.inputEnded = false;
                }
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    object.vertex = message.vertex;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    object.state = message.state;
                if (message.inputEnded != null && Object.hasOwnProperty.call(message, "inputEnded"))
                    object.inputEnded = message.inputEnded;
                return object;
            };

            SubtaskStatus.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SubtaskStatus;
        })();

        control.Heartbeat = (function() {

            function Heartbeat(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Heartbeat.prototype.timeMs = 0;
            Heartbeat.prototype.rssBytes = 0;
            Heartbeat.prototype.arenaUsedBytes = 0;
            Heartbeat.prototype.arenaFreeSegments = 0;

            Heartbeat.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.timeMs != null && Object.hasOwnProperty.call(message, "timeMs"))
                    writer.uint32(9).double(message.timeMs);
                if (message.rssBytes != null && Object.hasOwnProperty.call(message, "rssBytes"))
                    writer.uint32(17).double(message.rssBytes);
                if (message.arenaUsedBytes != null && Object.hasOwnProperty.call(message, "arenaUsedBytes"))
                    writer.uint32(25).double(message.arenaUsedBytes);
                if (message.arenaFreeSegments != null && Object.hasOwnProperty.call(message, "arenaFreeSegments"))
                    writer.uint32(32).uint32(message.arenaFreeSegments);
                return writer;
            };

            Heartbeat.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Heartbeat();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.timeMs = reader.double();
                            break;
                        }
                    case 2: {
                            message.rssBytes = reader.double();
                            break;
                        }
                    case 3: {
                            message.arenaUsedBytes = reader.double();
                            break;
                        }
                    case 4: {
                            message.arenaFreeSegments = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Heartbeat.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Heartbeat)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Heartbeat: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Heartbeat();
                if (object.timeMs != null)
                    message.timeMs = Number(object.timeMs);
                if (object.rssBytes != null)
                    message.rssBytes = Number(object.rssBytes);
                if (object.arenaUsedBytes != null)
                    message.arenaUsedBytes = Number(object.arenaUsedBytes);
                if (object.arenaFreeSegments != null)
                    message.arenaFreeSegments = object.arenaFreeSegments >>> 0;
                return message;
            };

            Heartbeat.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.timeMs = 0;
                    object.rssBytes = 0;
                    object.arenaUsedBytes = 0;
                    object.arenaFreeSegments = 0;
                }
                if (message.timeMs != null && Object.hasOwnProperty.call(message, "timeMs"))
                    object.timeMs = options.json && !isFinite(message.timeMs) ? String(message.timeMs) : message.timeMs;
                if (message.rssBytes != null && Object.hasOwnProperty.call(message, "rssBytes"))
                    object.rssBytes = options.json && !isFinite(message.rssBytes) ? String(message.rssBytes) : message.rssBytes;
                if (message.arenaUsedBytes != null && Object.hasOwnProperty.call(message, "arenaUsedBytes"))
                    object.arenaUsedBytes = options.json && !isFinite(message.arenaUsedBytes) ? String(message.arenaUsedBytes) : message.arenaUsedBytes;
                if (message.arenaFreeSegments != null && Object.hasOwnProperty.call(message, "arenaFreeSegments"))
                    object.arenaFreeSegments = message.arenaFreeSegments;
                return object;
            };

            Heartbeat.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Heartbeat;
        })();

        control.SlotReady = (function() {

            function SlotReady(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SlotReady.prototype.slot = 0;
            SlotReady.prototype.port = 0;

            SlotReady.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    writer.uint32(8).uint32(message.slot);
                if (message.port != null && Object.hasOwnProperty.call(message, "port"))
                    writer.uint32(16).uint32(message.port);
                return writer;
            };

            SlotReady.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.SlotReady();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.slot = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.port = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SlotReady.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.SlotReady)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.SlotReady: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.SlotReady();
                if (object.slot != null)
                    message.slot = object.slot >>> 0;
                if (object.port != null)
                    message.port = object.port >>> 0;
                return message;
            };

            SlotReady.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.slot = 0;
                    object.port = 0;
                }
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    object.slot = message.slot;
                if (message.port != null && Object.hasOwnProperty.call(message, "port"))
                    object.port = message.port;
                return object;
            };

            SlotReady.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SlotReady;
        })();

        control.Leaving = (function() {

            function Leaving(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Leaving.prototype.timeoutMs = 0;

            Leaving.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.timeoutMs != null && Object.hasOwnProperty.call(message, "timeoutMs"))
                    writer.uint32(8).uint32(message.timeoutMs);
                return writer;
            };

            Leaving.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Leaving();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.timeoutMs = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Leaving.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Leaving)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Leaving: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Leaving();
                if (object.timeoutMs != null)
                    message.timeoutMs = object.timeoutMs >>> 0;
                return message;
            };

            Leaving.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults)
                    object.timeoutMs = 0;
                if (message.timeoutMs != null && Object.hasOwnProperty.call(message, "timeoutMs"))
                    object.timeoutMs = message.timeoutMs;
                return object;
            };

            Leaving.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Leaving;
        })();

        control.SlotReleased = (function() {

            function SlotReleased(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SlotReleased.prototype.slot = 0;
            SlotReleased.prototype.jobId = "";
            SlotReleased.prototype.attempt = 0;

            SlotReleased.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    writer.uint32(8).uint32(message.slot);
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(18).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(24).uint32(message.attempt);
                return writer;
            };

            SlotReleased.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.SlotReleased();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.slot = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 3: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SlotReleased.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.SlotReleased)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.SlotReleased: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.SlotReleased();
                if (object.slot != null)
                    message.slot = object.slot >>> 0;
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                return message;
            };

            SlotReleased.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.slot = 0;
                    object.jobId = "";
                    object.attempt = 0;
                }
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    object.slot = message.slot;
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                return object;
            };

            SlotReleased.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SlotReleased;
        })();

        control.TaskState = (function() {

            function TaskState(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            TaskState.prototype.jobId = "";
            TaskState.prototype.attempt = 0;
            TaskState.prototype.vertex = 0;
            TaskState.prototype.subtask = 0;
            TaskState.prototype.state = "";
            TaskState.prototype.cause = null;

            TaskState.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    writer.uint32(24).uint32(message.vertex);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(32).uint32(message.subtask);
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    writer.uint32(42).string(message.state);
                if (message.cause != null && Object.hasOwnProperty.call(message, "cause"))
                    $root.millrace.control.FailureCause.encode(message.cause, writer.uint32(50).fork(), q + 1).ldelim();
                return writer;
            };

            TaskState.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.TaskState();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.vertex = reader.uint32();
                            break;
                        }
                    case 4: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 5: {
                            message.state = reader.string();
                            break;
                        }
                    case 6: {
                            message.cause = $root.millrace.control.FailureCause.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            TaskState.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.TaskState)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.TaskState: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.TaskState();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.vertex != null)
                    message.vertex = object.vertex >>> 0;
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.state != null)
                    message.state = String(object.state);
                if (object.cause != null) {
                    if (!$util.isObject(object.cause))
                        throw TypeError(".millrace.control.TaskState.cause: object expected");
                    message.cause = $root.millrace.control.FailureCause.fromObject(object.cause, long + 1);
                }
                return message;
            };

            TaskState.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.vertex = 0;
                    object.subtask = 0;
                    object.state = "";
                    object.cause = null;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    object.vertex = message.vertex;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.state != null && Object.hasOwnProperty.call(message, "state"))
                    object.state = message.state;
                if (message.cause != null && Object.hasOwnProperty.call(message, "cause"))
                    object.cause = $root.millrace.control.FailureCause.toObject(message.cause, options, q + 1);
                return object;
            };

            TaskState.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return TaskState;
        })();

        control.FailureCause = (function() {

            function FailureCause(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            FailureCause.prototype.code = "";
            FailureCause.prototype.message = "";
            FailureCause.prototype.hint = null;
            FailureCause.prototype.operator = null;
            FailureCause.prototype.uid = null;
            FailureCause.prototype.stack = null;
            FailureCause.prototype.fatal = null;

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(FailureCause.prototype, "_hint", {
                get: $util.oneOfGetter($oneOfFields = ["hint"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(FailureCause.prototype, "_operator", {
                get: $util.oneOfGetter($oneOfFields = ["operator"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(FailureCause.prototype, "_uid", {
                get: $util.oneOfGetter($oneOfFields = ["uid"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(FailureCause.prototype, "_stack", {
                get: $util.oneOfGetter($oneOfFields = ["stack"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(FailureCause.prototype, "_fatal", {
                get: $util.oneOfGetter($oneOfFields = ["fatal"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            FailureCause.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.code != null && Object.hasOwnProperty.call(message, "code"))
                    writer.uint32(10).string(message.code);
                if (message.message != null && Object.hasOwnProperty.call(message, "message"))
                    writer.uint32(18).string(message.message);
                if (message.hint != null && Object.hasOwnProperty.call(message, "hint"))
                    writer.uint32(26).string(message.hint);
                if (message.operator != null && Object.hasOwnProperty.call(message, "operator"))
                    writer.uint32(34).string(message.operator);
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    writer.uint32(42).string(message.uid);
                if (message.stack != null && Object.hasOwnProperty.call(message, "stack"))
                    writer.uint32(50).string(message.stack);
                if (message.fatal != null && Object.hasOwnProperty.call(message, "fatal"))
                    writer.uint32(56).bool(message.fatal);
                return writer;
            };

            FailureCause.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.FailureCause();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.code = reader.string();
                            break;
                        }
                    case 2: {
                            message.message = reader.string();
                            break;
                        }
                    case 3: {
                            message.hint = reader.string();
                            break;
                        }
                    case 4: {
                            message.operator = reader.string();
                            break;
                        }
                    case 5: {
                            message.uid = reader.string();
                            break;
                        }
                    case 6: {
                            message.stack = reader.string();
                            break;
                        }
                    case 7: {
                            message.fatal = reader.bool();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            FailureCause.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.FailureCause)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.FailureCause: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.FailureCause();
                if (object.code != null)
                    message.code = String(object.code);
                if (object.message != null)
                    message.message = String(object.message);
                if (object.hint != null)
                    message.hint = String(object.hint);
                if (object.operator != null)
                    message.operator = String(object.operator);
                if (object.uid != null)
                    message.uid = String(object.uid);
                if (object.stack != null)
                    message.stack = String(object.stack);
                if (object.fatal != null)
                    message.fatal = Boolean(object.fatal);
                return message;
            };

            FailureCause.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.code = "";
                    object.message = "";
                }
                if (message.code != null && Object.hasOwnProperty.call(message, "code"))
                    object.code = message.code;
                if (message.message != null && Object.hasOwnProperty.call(message, "message"))
                    object.message = message.message;
                if (message.hint != null && Object.hasOwnProperty.call(message, "hint")) {
                    object.hint = message.hint;
                    if (options.oneofs)
                        object._hint = "hint";
                }
                if (message.operator != null && Object.hasOwnProperty.call(message, "operator")) {
                    object.operator = message.operator;
                    if (options.oneofs)
                        object._operator = "operator";
                }
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid")) {
                    object.uid = message.uid;
                    if (options.oneofs)
                        object._uid = "uid";
                }
                if (message.stack != null && Object.hasOwnProperty.call(message, "stack")) {
                    object.stack = message.stack;
                    if (options.oneofs)
                        object._stack = "stack";
                }
                if (message.fatal != null && Object.hasOwnProperty.call(message, "fatal")) {
                    object.fatal = message.fatal;
                    if (options.oneofs)
                        object._fatal = "fatal";
                }
                return object;
            };

            FailureCause.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return FailureCause;
        })();

        control.InputEnded = (function() {

            function InputEnded(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            InputEnded.prototype.jobId = "";
            InputEnded.prototype.attempt = 0;
            InputEnded.prototype.vertex = 0;
            InputEnded.prototype.subtask = 0;

            InputEnded.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    writer.uint32(24).uint32(message.vertex);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(32).uint32(message.subtask);
                return writer;
            };

            InputEnded.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.InputEnded();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.vertex = reader.uint32();
                            break;
                        }
                    case 4: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            InputEnded.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.InputEnded)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.InputEnded: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.InputEnded();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.vertex != null)
                    message.vertex = object.vertex >>> 0;
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                return message;
            };

            InputEnded.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.vertex = 0;
                    object.subtask = 0;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    object.vertex = message.vertex;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                return object;
            };

            InputEnded.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return InputEnded;
        })();

        control.Ack = (function() {

            function Ack(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Ack.prototype.jobId = "";
            Ack.prototype.attempt = 0;
            Ack.prototype.checkpointId = 0;
            Ack.prototype.vertex = 0;
            Ack.prototype.subtask = 0;
            Ack.prototype.snapshotJson = $util.newBuffer([]);

            Ack.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(24).uint32(message.checkpointId);
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    writer.uint32(32).uint32(message.vertex);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(40).uint32(message.subtask);
                if (message.snapshotJson != null && Object.hasOwnProperty.call(message, "snapshotJson"))
                    writer.uint32(50).bytes(message.snapshotJson);
                return writer;
            };

            Ack.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Ack();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    case 4: {
                            message.vertex = reader.uint32();
                            break;
                        }
                    case 5: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 6: {
                            message.snapshotJson = reader.bytes();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Ack.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Ack)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Ack: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Ack();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                if (object.vertex != null)
                    message.vertex = object.vertex >>> 0;
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.snapshotJson != null)
                    if (typeof object.snapshotJson === "string")
                        $util.base64.decode(object.snapshotJson, message.snapshotJson = $util.newBuffer($util.base64.length(object.snapshotJson)), 0);
                    else if (object.snapshotJson.length >= 0)
                        message.snapshotJson = object.snapshotJson;
                return message;
            };

            Ack.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.checkpointId = 0;
                    object.vertex = 0;
                    object.subtask = 0;
                    if (options.bytes === String)
                        object.snapshotJson = "";
                    else {
                        object.snapshotJson = [];
                        if (options.bytes !== Array)
                            object.snapshotJson = $util.newBuffer(object.snapshotJson);
                    }
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    object.vertex = message.vertex;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.snapshotJson != null && Object.hasOwnProperty.call(message, "snapshotJson"))
                    object.snapshotJson = options.bytes === String ? $util.base64.encode(message.snapshotJson, 0, message.snapshotJson.length) : options.bytes === Array ? Array.prototype.slice.call(message.snapshotJson) : message.snapshotJson;
                return object;
            };

            Ack.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Ack;
        })();

        control.Decline = (function() {

            function Decline(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Decline.prototype.jobId = "";
            Decline.prototype.attempt = 0;
            Decline.prototype.checkpointId = 0;
            Decline.prototype.vertex = 0;
            Decline.prototype.subtask = 0;
            Decline.prototype.reason = "";

            Decline.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(24).uint32(message.checkpointId);
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    writer.uint32(32).uint32(message.vertex);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(40).uint32(message.subtask);
                if (message.reason != null && Object.hasOwnProperty.call(message, "reason"))
                    writer.uint32(50).string(message.reason);
                return writer;
            };

            Decline.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Decline();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    case 4: {
                            message.vertex = reader.uint32();
                            break;
                        }
                    case 5: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 6: {
                            message.reason = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Decline.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Decline)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Decline: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Decline();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                if (object.vertex != null)
                    message.vertex = object.vertex >>> 0;
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.reason != null)
                    message.reason = String(object.reason);
                return message;
            };

            Decline.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.checkpointId = 0;
                    object.vertex = 0;
                    object.subtask = 0;
                    object.reason = "";
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    object.vertex = message.vertex;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.reason != null && Object.hasOwnProperty.call(message, "reason"))
                    object.reason = message.reason;
                return object;
            };

            Decline.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Decline;
        })();

        control.MetricsReport = (function() {

            function MetricsReport(properties) {
                this.subtasks = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            MetricsReport.prototype.jobId = "";
            MetricsReport.prototype.attempt = 0;
            MetricsReport.prototype.subtasks = $util.emptyArray;

            MetricsReport.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.subtasks != null && message.subtasks.length)
                    for (let i = 0; i < message.subtasks.length; ++i)
                        $root.millrace.control.SubtaskMetrics.encode(message.subtasks[i], writer.uint32(26).fork(), q + 1).ldelim();
                return writer;
            };

            MetricsReport.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.MetricsReport();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            if (!(message.subtasks && message.subtasks.length))
                                message.subtasks = [];
                            message.subtasks.push($root.millrace.control.SubtaskMetrics.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            MetricsReport.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.MetricsReport)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.MetricsReport: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.MetricsReport();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.subtasks) {
                    if (!Array.isArray(object.subtasks))
                        throw TypeError(".millrace.control.MetricsReport.subtasks: array expected");
                    message.subtasks = [];
                    for (let i = 0; i < object.subtasks.length; ++i) {
                        if (!$util.isObject(object.subtasks[i]))
                            throw TypeError(".millrace.control.MetricsReport.subtasks: object expected");
                        message.subtasks[i] = $root.millrace.control.SubtaskMetrics.fromObject(object.subtasks[i], long + 1);
                    }
                }
                return message;
            };

            MetricsReport.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.subtasks = [];
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.subtasks && message.subtasks.length) {
                    object.subtasks = [];
                    for (let j = 0; j < message.subtasks.length; ++j)
                        object.subtasks[j] = $root.millrace.control.SubtaskMetrics.toObject(message.subtasks[j], options, q + 1);
                }
                return object;
            };

            MetricsReport.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return MetricsReport;
        })();

        control.SubtaskMetrics = (function() {

            function SubtaskMetrics(properties) {
                this.aligned = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SubtaskMetrics.prototype.vertex = 0;
            SubtaskMetrics.prototype.subtask = 0;
            SubtaskMetrics.prototype.recordsIn = 0;
            SubtaskMetrics.prototype.recordsOut = 0;
            SubtaskMetrics.prototype.busyMs = 0;
            SubtaskMetrics.prototype.idleMs = 0;
            SubtaskMetrics.prototype.backpressuredMs = 0;
            SubtaskMetrics.prototype.watermark = null;
            SubtaskMetrics.prototype.heldBy = null;
            SubtaskMetrics.prototype.lateDropped = 0;
            SubtaskMetrics.prototype.errorsSkipped = 0;
            SubtaskMetrics.prototype.waitingFor = null;
            SubtaskMetrics.prototype.waitingSinceMs = null;
            SubtaskMetrics.prototype.aligned = $util.emptyArray;

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(SubtaskMetrics.prototype, "_watermark", {
                get: $util.oneOfGetter($oneOfFields = ["watermark"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(SubtaskMetrics.prototype, "_heldBy", {
                get: $util.oneOfGetter($oneOfFields = ["heldBy"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(SubtaskMetrics.prototype, "_waitingFor", {
                get: $util.oneOfGetter($oneOfFields = ["waitingFor"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(SubtaskMetrics.prototype, "_waitingSinceMs", {
                get: $util.oneOfGetter($oneOfFields = ["waitingSinceMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            SubtaskMetrics.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    writer.uint32(8).uint32(message.vertex);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(16).uint32(message.subtask);
                if (message.recordsIn != null && Object.hasOwnProperty.call(message, "recordsIn"))
                    writer.uint32(25).double(message.recordsIn);
                if (message.recordsOut != null && Object.hasOwnProperty.call(message, "recordsOut"))
                    writer.uint32(33).double(message.recordsOut);
                if (message.busyMs != null && Object.hasOwnProperty.call(message, "busyMs"))
                    writer.uint32(41).double(message.busyMs);
                if (message.idleMs != null && Object.hasOwnProperty.call(message, "idleMs"))
                    writer.uint32(49).double(message.idleMs);
                if (message.backpressuredMs != null && Object.hasOwnProperty.call(message, "backpressuredMs"))
                    writer.uint32(57).double(message.backpressuredMs);
                if (message.watermark != null && Object.hasOwnProperty.call(message, "watermark"))
                    writer.uint32(65).double(message.watermark);
                if (message.heldBy != null && Object.hasOwnProperty.call(message, "heldBy"))
                    writer.uint32(74).string(message.heldBy);
                if (message.lateDropped != null && Object.hasOwnProperty.call(message, "lateDropped"))
                    writer.uint32(81).double(message.lateDropped);
                if (message.errorsSkipped != null && Object.hasOwnProperty.call(message, "errorsSkipped"))
                    writer.uint32(89).double(message.errorsSkipped);
                if (message.waitingFor != null && Object.hasOwnProperty.call(message, "waitingFor"))
                    writer.uint32(98).string(message.waitingFor);
                if (message.waitingSinceMs != null && Object.hasOwnProperty.call(message, "waitingSinceMs"))
                    writer.uint32(105).double(message.waitingSinceMs);
                if (message.aligned != null && message.aligned.length)
                    for (let i = 0; i < message.aligned.length; ++i)
                        $root.millrace.control.AlignedTime.encode(message.aligned[i], writer.uint32(114).fork(), q + 1).ldelim();
                return writer;
            };

            SubtaskMetrics.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.SubtaskMetrics();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.vertex = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.recordsIn = reader.double();
                            break;
                        }
                    case 4: {
                            message.recordsOut = reader.double();
                            break;
                        }
                    case 5: {
                            message.busyMs = reader.double();
                            break;
                        }
                    case 6: {
                            message.idleMs = reader.double();
                            break;
                        }
                    case 7: {
                            message.backpressuredMs = reader.double();
                            break;
                        }
                    case 8: {
                            message.watermark = reader.double();
                            break;
                        }
                    case 9: {
                            message.heldBy = reader.string();
                            break;
                        }
                    case 10: {
                            message.lateDropped = reader.double();
                            break;
                        }
                    case 11: {
                            message.errorsSkipped = reader.double();
                            break;
                        }
                    case 12: {
                            message.waitingFor = reader.string();
                            break;
                        }
                    case 13: {
                            message.waitingSinceMs = reader.double();
                            break;
                        }
                    case 14: {
                            if (!(message.aligned && message.aligned.length))
                                message.aligned = [];
                            message.aligned.push($root.millrace.control.AlignedTime.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SubtaskMetrics.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.SubtaskMetrics)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.SubtaskMetrics: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.SubtaskMetrics();
                if (object.vertex != null)
                    message.vertex = object.vertex >>> 0;
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.recordsIn != null)
                    message.recordsIn = Number(object.recordsIn);
                if (object.recordsOut != null)
                    message.recordsOut = Number(object.recordsOut);
                if (object.busyMs != null)
                    message.busyMs = Number(object.busyMs);
                if (object.idleMs != null)
                    message.idleMs = Number(object.idleMs);
                if (object.backpressuredMs != null)
                    message.backpressuredMs = Number(object.backpressuredMs);
                if (object.watermark != null)
                    message.watermark = Number(object.watermark);
                if (object.heldBy != null)
                    message.heldBy = String(object.heldBy);
                if (object.lateDropped != null)
                    message.lateDropped = Number(object.lateDropped);
                if (object.errorsSkipped != null)
                    message.errorsSkipped = Number(object.errorsSkipped);
                if (object.waitingFor != null)
                    message.waitingFor = String(object.waitingFor);
                if (object.waitingSinceMs != null)
                    message.waitingSinceMs = Number(object.waitingSinceMs);
                if (object.aligned) {
                    if (!Array.isArray(object.aligned))
                        throw TypeError(".millrace.control.SubtaskMetrics.aligned: array expected");
                    message.aligned = [];
                    for (let i = 0; i < object.aligned.length; ++i) {
                        if (!$util.isObject(object.aligned[i]))
                            throw TypeError(".millrace.control.SubtaskMetrics.aligned: object expected");
                        message.aligned[i] = $root.millrace.control.AlignedTime.fromObject(object.aligned[i], long + 1);
                    }
                }
                return message;
            };

            SubtaskMetrics.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.aligned = [];
                if (options.defaults) {
                    object.vertex = 0;
                    object.subtask = 0;
                    object.recordsIn = 0;
                    object.recordsOut = 0;
                    object.busyMs = 0;
                    object.idleMs = 0;
                    object.backpressuredMs = 0;
                    object.lateDropped = 0;
                    object.errorsSkipped = 0;
                }
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    object.vertex = message.vertex;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.recordsIn != null && Object.hasOwnProperty.call(message, "recordsIn"))
                    object.recordsIn = options.json && !isFinite(message.recordsIn) ? String(message.recordsIn) : message.recordsIn;
                if (message.recordsOut != null && Object.hasOwnProperty.call(message, "recordsOut"))
                    object.recordsOut = options.json && !isFinite(message.recordsOut) ? String(message.recordsOut) : message.recordsOut;
                if (message.busyMs != null && Object.hasOwnProperty.call(message, "busyMs"))
                    object.busyMs = options.json && !isFinite(message.busyMs) ? String(message.busyMs) : message.busyMs;
                if (message.idleMs != null && Object.hasOwnProperty.call(message, "idleMs"))
                    object.idleMs = options.json && !isFinite(message.idleMs) ? String(message.idleMs) : message.idleMs;
                if (message.backpressuredMs != null && Object.hasOwnProperty.call(message, "backpressuredMs"))
                    object.backpressuredMs = options.json && !isFinite(message.backpressuredMs) ? String(message.backpressuredMs) : message.backpressuredMs;
                if (message.watermark != null && Object.hasOwnProperty.call(message, "watermark")) {
                    object.watermark = options.json && !isFinite(message.watermark) ? String(message.watermark) : message.watermark;
                    if (options.oneofs)
                        object._watermark = "watermark";
                }
                if (message.heldBy != null && Object.hasOwnProperty.call(message, "heldBy")) {
                    object.heldBy = message.heldBy;
                    if (options.oneofs)
                        object._heldBy = "heldBy";
                }
                if (message.lateDropped != null && Object.hasOwnProperty.call(message, "lateDropped"))
                    object.lateDropped = options.json && !isFinite(message.lateDropped) ? String(message.lateDropped) : message.lateDropped;
                if (message.errorsSkipped != null && Object.hasOwnProperty.call(message, "errorsSkipped"))
                    object.errorsSkipped = options.json && !isFinite(message.errorsSkipped) ? String(message.errorsSkipped) : message.errorsSkipped;
                if (message.waitingFor != null && Object.hasOwnProperty.call(message, "waitingFor")) {
                    object.waitingFor = message.waitingFor;
                    if (options.oneofs)
                        object._waitingFor = "waitingFor";
                }
                if (message.waitingSinceMs != null && Object.hasOwnProperty.call(message, "waitingSinceMs")) {
                    object.waitingSinceMs = options.json && !isFinite(message.waitingSinceMs) ? String(message.waitingSinceMs) : message.waitingSinceMs;
                    if (options.oneofs)
                        object._waitingSinceMs = "waitingSinceMs";
                }
                if (message.aligned && message.aligned.length) {
                    object.aligned = [];
                    for (let j = 0; j < message.aligned.length; ++j)
                        object.aligned[j] = $root.millrace.control.AlignedTime.toObject(message.aligned[j], options, q + 1);
                }
                return object;
            };

            SubtaskMetrics.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SubtaskMetrics;
        })();

        control.AlignedTime = (function() {

            function AlignedTime(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            AlignedTime.prototype.group = "";
            AlignedTime.prototype.timeMs = null;

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(AlignedTime.prototype, "_timeMs", {
                get: $util.oneOfGetter($oneOfFields = ["timeMs"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            AlignedTime.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.group != null && Object.hasOwnProperty.call(message, "group"))
                    writer.uint32(10).string(message.group);
                if (message.timeMs != null && Object.hasOwnProperty.call(message, "timeMs"))
                    writer.uint32(17).double(message.timeMs);
                return writer;
            };

            AlignedTime.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.AlignedTime();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.group = reader.string();
                            break;
                        }
                    case 2: {
                            message.timeMs = reader.double();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            AlignedTime.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.AlignedTime)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.AlignedTime: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.AlignedTime();
                if (object.group != null)
                    message.group = String(object.group);
                if (object.timeMs != null)
                    message.timeMs = Number(object.timeMs);
                return message;
            };

            AlignedTime.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults)
                    object.group = "";
                if (message.group != null && Object.hasOwnProperty.call(message, "group"))
                    object.group = message.group;
                if (message.timeMs != null && Object.hasOwnProperty.call(message, "timeMs")) {
                    object.timeMs = options.json && !isFinite(message.timeMs) ? String(message.timeMs) : message.timeMs;
                    if (options.oneofs)
                        object._timeMs = "timeMs";
                }
                return object;
            };

            AlignedTime.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return AlignedTime;
        })();

        control.Print = (function() {

            function Print(properties) {
                this.lines = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Print.prototype.jobId = "";
            Print.prototype.attempt = 0;
            Print.prototype.uid = "";
            Print.prototype.lines = $util.emptyArray;

            Print.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    writer.uint32(26).string(message.uid);
                if (message.lines != null && message.lines.length)
                    for (let i = 0; i < message.lines.length; ++i)
                        writer.uint32(34).string(message.lines[i]);
                return writer;
            };

            Print.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Print();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.uid = reader.string();
                            break;
                        }
                    case 4: {
                            if (!(message.lines && message.lines.length))
                                message.lines = [];
                            message.lines.push(reader.string());
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Print.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Print)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Print: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Print();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.uid != null)
                    message.uid = String(object.uid);
                if (object.lines) {
                    if (!Array.isArray(object.lines))
                        throw TypeError(".millrace.control.Print.lines: array expected");
                    message.lines = [];
                    for (let i = 0; i < object.lines.length; ++i)
                        message.lines[i] = String(object.lines[i]);
                }
                return message;
            };

            Print.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.lines = [];
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.uid = "";
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    object.uid = message.uid;
                if (message.lines && message.lines.length) {
                    object.lines = [];
                    for (let j = 0; j < message.lines.length; ++j)
                        object.lines[j] = message.lines[j];
                }
                return object;
            };

            Print.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Print;
        })();

        control.Results = (function() {

            function Results(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Results.prototype.jobId = "";
            Results.prototype.attempt = 0;
            Results.prototype.uid = "";
            Results.prototype.subtask = 0;
            Results.prototype.sequence = 0;
            Results.prototype.recordsJson = $util.newBuffer([]);

            Results.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    writer.uint32(26).string(message.uid);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(32).uint32(message.subtask);
                if (message.sequence != null && Object.hasOwnProperty.call(message, "sequence"))
                    writer.uint32(41).double(message.sequence);
                if (message.recordsJson != null && Object.hasOwnProperty.call(message, "recordsJson"))
                    writer.uint32(50).bytes(message.recordsJson);
                return writer;
            };

            Results.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Results();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.uid = reader.string();
                            break;
                        }
                    case 4: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 5: {
                            message.sequence = reader.double();
                            break;
                        }
                    case 6: {
                            message.recordsJson = reader.bytes();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Results.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Results)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Results: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Results();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.uid != null)
                    message.uid = String(object.uid);
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.sequence != null)
                    message.sequence = Number(object.sequence);
                if (object.recordsJson != null)
                    if (typeof object.recordsJson === "string")
                        $util.base64.decode(object.recordsJson, message.recordsJson = $util.newBuffer($util.base64.length(object.recordsJson)), 0);
                    else if (object.recordsJson.length >= 0)
                        message.recordsJson = object.recordsJson;
                return message;
            };

            Results.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.uid = "";
                    object.subtask = 0;
                    object.sequence = 0;
                    if (options.bytes === String)
                        object.recordsJson = "";
                    else {
                        object.recordsJson = [];
                        if (options.bytes !== Array)
                            object.recordsJson = $util.newBuffer(object.recordsJson);
                    }
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    object.uid = message.uid;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.sequence != null && Object.hasOwnProperty.call(message, "sequence"))
                    object.sequence = options.json && !isFinite(message.sequence) ? String(message.sequence) : message.sequence;
                if (message.recordsJson != null && Object.hasOwnProperty.call(message, "recordsJson"))
                    object.recordsJson = options.bytes === String ? $util.base64.encode(message.recordsJson, 0, message.recordsJson.length) : options.bytes === Array ? Array.prototype.slice.call(message.recordsJson) : message.recordsJson;
                return object;
            };

            Results.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Results;
        })();

        control.ToTaskManager = (function() {

            function ToTaskManager(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ToTaskManager.prototype.registered = null;
            ToTaskManager.prototype.deploy = null;
            ToTaskManager.prototype.start = null;
            ToTaskManager.prototype.cancel = null;
            ToTaskManager.prototype.triggerCheckpoint = null;
            ToTaskManager.prototype.abortCheckpoint = null;
            ToTaskManager.prototype.checkpointComplete = null;
            ToTaskManager.prototype.resultsRead = null;
            ToTaskManager.prototype.alignSources = null;
            ToTaskManager.prototype.cancelSlots = null;

            let $oneOfFields;

            Object.defineProperty(ToTaskManager.prototype, "message", {
                get: $util.oneOfGetter($oneOfFields = ["registered", "deploy", "start", "cancel", "triggerCheckpoint", "abortCheckpoint", "checkpointComplete", "resultsRead", "alignSources", "cancelSlots"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            ToTaskManager.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.registered != null && Object.hasOwnProperty.call(message, "registered"))
                    $root.millrace.control.Registered.encode(message.registered, writer.uint32(10).fork(), q + 1).ldelim();
                if (message.deploy != null && Object.hasOwnProperty.call(message, "deploy"))
                    $root.millrace.control.Deploy.encode(message.deploy, writer.uint32(18).fork(), q + 1).ldelim();
                if (message.start != null && Object.hasOwnProperty.call(message, "start"))
                    $root.millrace.control.Start.encode(message.start, writer.uint32(26).fork(), q + 1).ldelim();
                if (message.cancel != null && Object.hasOwnProperty.call(message, "cancel"))
                    $root.millrace.control.Cancel.encode(message.cancel, writer.uint32(34).fork(), q + 1).ldelim();
                if (message.triggerCheckpoint != null && Object.hasOwnProperty.call(message, "triggerCheckpoint"))
                    $root.millrace.control.TriggerCheckpoint.encode(message.triggerCheckpoint, writer.uint32(42).fork(), q + 1).ldelim();
                if (message.abortCheckpoint != null && Object.hasOwnProperty.call(message, "abortCheckpoint"))
                    $root.millrace.control.AbortCheckpoint.encode(message.abortCheckpoint, writer.uint32(50).fork(), q + 1).ldelim();
                if (message.checkpointComplete != null && Object.hasOwnProperty.call(message, "checkpointComplete"))
                    $root.millrace.control.CheckpointComplete.encode(message.checkpointComplete, writer.uint32(58).fork(), q + 1).ldelim();
                if (message.resultsRead != null && Object.hasOwnProperty.call(message, "resultsRead"))
                    $root.millrace.control.ResultsRead.encode(message.resultsRead, writer.uint32(66).fork(), q + 1).ldelim();
                if (message.alignSources != null && Object.hasOwnProperty.call(message, "alignSources"))
                    $root.millrace.control.AlignSources.encode(message.alignSources, writer.uint32(74).fork(), q + 1).ldelim();
                if (message.cancelSlots != null && Object.hasOwnProperty.call(message, "cancelSlots"))
                    $root.millrace.control.CancelSlots.encode(message.cancelSlots, writer.uint32(82).fork(), q + 1).ldelim();
                return writer;
            };

            ToTaskManager.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.ToTaskManager();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.registered = $root.millrace.control.Registered.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 2: {
                            message.deploy = $root.millrace.control.Deploy.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 3: {
                            message.start = $root.millrace.control.Start.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 4: {
                            message.cancel = $root.millrace.control.Cancel.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 5: {
                            message.triggerCheckpoint = $root.millrace.control.TriggerCheckpoint.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 6: {
                            message.abortCheckpoint = $root.millrace.control.AbortCheckpoint.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 7: {
                            message.checkpointComplete = $root.millrace.control.CheckpointComplete.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 8: {
                            message.resultsRead = $root.millrace.control.ResultsRead.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 9: {
                            message.alignSources = $root.millrace.control.AlignSources.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    case 10: {
                            message.cancelSlots = $root.millrace.control.CancelSlots.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ToTaskManager.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.ToTaskManager)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.ToTaskManager: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.ToTaskManager();
                if (object.registered != null) {
                    if (!$util.isObject(object.registered))
                        throw TypeError(".millrace.control.ToTaskManager.registered: object expected");
                    message.registered = $root.millrace.control.Registered.fromObject(object.registered, long + 1);
                }
                if (object.deploy != null) {
                    if (!$util.isObject(object.deploy))
                        throw TypeError(".millrace.control.ToTaskManager.deploy: object expected");
                    message.deploy = $root.millrace.control.Deploy.fromObject(object.deploy, long + 1);
                }
                if (object.start != null) {
                    if (!$util.isObject(object.start))
                        throw TypeError(".millrace.control.ToTaskManager.start: object expected");
                    message.start = $root.millrace.control.Start.fromObject(object.start, long + 1);
                }
                if (object.cancel != null) {
                    if (!$util.isObject(object.cancel))
                        throw TypeError(".millrace.control.ToTaskManager.cancel: object expected");
                    message.cancel = $root.millrace.control.Cancel.fromObject(object.cancel, long + 1);
                }
                if (object.triggerCheckpoint != null) {
                    if (!$util.isObject(object.triggerCheckpoint))
                        throw TypeError(".millrace.control.ToTaskManager.triggerCheckpoint: object expected");
                    message.triggerCheckpoint = $root.millrace.control.TriggerCheckpoint.fromObject(object.triggerCheckpoint, long + 1);
                }
                if (object.abortCheckpoint != null) {
                    if (!$util.isObject(object.abortCheckpoint))
                        throw TypeError(".millrace.control.ToTaskManager.abortCheckpoint: object expected");
                    message.abortCheckpoint = $root.millrace.control.AbortCheckpoint.fromObject(object.abortCheckpoint, long + 1);
                }
                if (object.checkpointComplete != null) {
                    if (!$util.isObject(object.checkpointComplete))
                        throw TypeError(".millrace.control.ToTaskManager.checkpointComplete: object expected");
                    message.checkpointComplete = $root.millrace.control.CheckpointComplete.fromObject(object.checkpointComplete, long + 1);
                }
                if (object.resultsRead != null) {
                    if (!$util.isObject(object.resultsRead))
                        throw TypeError(".millrace.control.ToTaskManager.resultsRead: object expected");
                    message.resultsRead = $root.millrace.control.ResultsRead.fromObject(object.resultsRead, long + 1);
                }
                if (object.alignSources != null) {
                    if (!$util.isObject(object.alignSources))
                        throw TypeError(".millrace.control.ToTaskManager.alignSources: object expected");
                    message.alignSources = $root.millrace.control.AlignSources.fromObject(object.alignSources, long + 1);
                }
                if (object.cancelSlots != null) {
                    if (!$util.isObject(object.cancelSlots))
                        throw TypeError(".millrace.control.ToTaskManager.cancelSlots: object expected");
                    message.cancelSlots = $root.millrace.control.CancelSlots.fromObject(object.cancelSlots, long + 1);
                }
                return message;
            };

            ToTaskManager.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (message.registered != null && Object.hasOwnProperty.call(message, "registered")) {
                    object.registered = $root.millrace.control.Registered.toObject(message.registered, options, q + 1);
                    if (options.oneofs)
                        object.message = "registered";
                }
                if (message.deploy != null && Object.hasOwnProperty.call(message, "deploy")) {
                    object.deploy = $root.millrace.control.Deploy.toObject(message.deploy, options, q + 1);
                    if (options.oneofs)
                        object.message = "deploy";
                }
                if (message.start != null && Object.hasOwnProperty.call(message, "start")) {
                    object.start = $root.millrace.control.Start.toObject(message.start, options, q + 1);
                    if (options.oneofs)
                        object.message = "start";
                }
                if (message.cancel != null && Object.hasOwnProperty.call(message, "cancel")) {
                    object.cancel = $root.millrace.control.Cancel.toObject(message.cancel, options, q + 1);
                    if (options.oneofs)
                        object.message = "cancel";
                }
                if (message.triggerCheckpoint != null && Object.hasOwnProperty.call(message, "triggerCheckpoint")) {
                    object.triggerCheckpoint = $root.millrace.control.TriggerCheckpoint.toObject(message.triggerCheckpoint, options, q + 1);
                    if (options.oneofs)
                        object.message = "triggerCheckpoint";
                }
                if (message.abortCheckpoint != null && Object.hasOwnProperty.call(message, "abortCheckpoint")) {
                    object.abortCheckpoint = $root.millrace.control.AbortCheckpoint.toObject(message.abortCheckpoint, options, q + 1);
                    if (options.oneofs)
                        object.message = "abortCheckpoint";
                }
                if (message.checkpointComplete != null && Object.hasOwnProperty.call(message, "checkpointComplete")) {
                    object.checkpointComplete = $root.millrace.control.CheckpointComplete.toObject(message.checkpointComplete, options, q + 1);
                    if (options.oneofs)
                        object.message = "checkpointComplete";
                }
                if (message.resultsRead != null && Object.hasOwnProperty.call(message, "resultsRead")) {
                    object.resultsRead = $root.millrace.control.ResultsRead.toObject(message.resultsRead, options, q + 1);
                    if (options.oneofs)
                        object.message = "resultsRead";
                }
                if (message.alignSources != null && Object.hasOwnProperty.call(message, "alignSources")) {
                    object.alignSources = $root.millrace.control.AlignSources.toObject(message.alignSources, options, q + 1);
                    if (options.oneofs)
                        object.message = "alignSources";
                }
                if (message.cancelSlots != null && Object.hasOwnProperty.call(message, "cancelSlots")) {
                    object.cancelSlots = $root.millrace.control.CancelSlots.toObject(message.cancelSlots, options, q + 1);
                    if (options.oneofs)
                        object.message = "cancelSlots";
                }
                return object;
            };

            ToTaskManager.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ToTaskManager;
        })();

        control.AlignSources = (function() {

            function AlignSources(properties) {
                this.groups = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            AlignSources.prototype.jobId = "";
            AlignSources.prototype.attempt = 0;
            AlignSources.prototype.groups = $util.emptyArray;

            AlignSources.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.groups != null && message.groups.length)
                    for (let i = 0; i < message.groups.length; ++i)
                        $root.millrace.control.AlignedTime.encode(message.groups[i], writer.uint32(26).fork(), q + 1).ldelim();
                return writer;
            };

            AlignSources.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.AlignSources();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            if (!(message.groups && message.groups.length))
                                message.groups = [];
                            message.groups.push($root.millrace.control.AlignedTime.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            AlignSources.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.AlignSources)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.AlignSources: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.AlignSources();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.groups) {
                    if (!Array.isArray(object.groups))
                        throw TypeError(".millrace.control.AlignSources.groups: array expected");
                    message.groups = [];
                    for (let i = 0; i < object.groups.length; ++i) {
                        if (!$util.isObject(object.groups[i]))
                            throw TypeError(".millrace.control.AlignSources.groups: object expected");
                        message.groups[i] = $root.millrace.control.AlignedTime.fromObject(object.groups[i], long + 1);
                    }
                }
                return message;
            };

            AlignSources.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.groups = [];
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.groups && message.groups.length) {
                    object.groups = [];
                    for (let j = 0; j < message.groups.length; ++j)
                        object.groups[j] = $root.millrace.control.AlignedTime.toObject(message.groups[j], options, q + 1);
                }
                return object;
            };

            AlignSources.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return AlignSources;
        })();

        control.Registered = (function() {

            function Registered(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Registered.prototype.epoch = 0;
            Registered.prototype.heartbeatIntervalMs = 0;
            Registered.prototype.version = "";
            Registered.prototype.jobs = false;

            Registered.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.epoch != null && Object.hasOwnProperty.call(message, "epoch"))
                    writer.uint32(8).uint32(message.epoch);
                if (message.heartbeatIntervalMs != null && Object.hasOwnProperty.call(message, "heartbeatIntervalMs"))
                    writer.uint32(16).uint32(message.heartbeatIntervalMs);
                if (message.version != null && Object.hasOwnProperty.call(message, "version"))
                    writer.uint32(26).string(message.version);
                if (message.jobs != null && Object.hasOwnProperty.call(message, "jobs"))
                    writer.uint32(32).bool(message.jobs);
                return writer;
            };

            Registered.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Registered();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.epoch = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.heartbeatIntervalMs = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.version = reader.string();
                            break;
                        }
                    case 4: {
                            message.jobs = reader.bool();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Registered.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Registered)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Registered: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Registered();
                if (object.epoch != null)
                    message.epoch = object.epoch >>> 0;
                if (object.heartbeatIntervalMs != null)
                    message.heartbeatIntervalMs = object.heartbeatIntervalMs >>> 0;
                if (object.version != null)
                    message.version = String(object.version);
                if (object.jobs != null)
                    message.jobs = Boolean(object.jobs);
                return message;
            };

            Registered.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.epoch = 0;
                    object.heartbeatIntervalMs = 0;
                    object.version = "";
                    object.jobs = false;
                }
                if (message.epoch != null && Object.hasOwnProperty.call(message, "epoch"))
                    object.epoch = message.epoch;
                if (message.heartbeatIntervalMs != null && Object.hasOwnProperty.call(message, "heartbeatIntervalMs"))
                    object.heartbeatIntervalMs = message.heartbeatIntervalMs;
                if (message.version != null && Object.hasOwnProperty.call(message, "version"))
                    object.version = message.version;
                if (message.jobs != null && Object.hasOwnProperty.call(message, "jobs"))
                    object.jobs = message.jobs;
                return object;
            };

            Registered.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Registered;
        })();

        control.Deploy = (function() {

            function Deploy(properties) {
                this.slots = [];
                this.locations = [];
                this.options = {};
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Deploy.prototype.jobId = "";
            Deploy.prototype.jobName = "";
            Deploy.prototype.attempt = 0;
            Deploy.prototype.epoch = 0;
            Deploy.prototype.planJson = $util.newBuffer([]);
            Deploy.prototype.bundleId = "";
            Deploy.prototype.bundleBytes = 0;
            Deploy.prototype.slots = $util.emptyArray;
            Deploy.prototype.locations = $util.emptyArray;
            Deploy.prototype.restoreCheckpointId = 0;
            Deploy.prototype.restoreJson = $util.newBuffer([]);
            Deploy.prototype.checkpointRoot = "";
            Deploy.prototype.options = $util.emptyObject;

            Deploy.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.jobName != null && Object.hasOwnProperty.call(message, "jobName"))
                    writer.uint32(18).string(message.jobName);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(24).uint32(message.attempt);
                if (message.epoch != null && Object.hasOwnProperty.call(message, "epoch"))
                    writer.uint32(32).uint32(message.epoch);
                if (message.planJson != null && Object.hasOwnProperty.call(message, "planJson"))
                    writer.uint32(42).bytes(message.planJson);
                if (message.bundleId != null && Object.hasOwnProperty.call(message, "bundleId"))
                    writer.uint32(50).string(message.bundleId);
                if (message.bundleBytes != null && Object.hasOwnProperty.call(message, "bundleBytes"))
                    writer.uint32(57).double(message.bundleBytes);
                if (message.slots != null && message.slots.length)
                    for (let i = 0; i < message.slots.length; ++i)
                        $root.millrace.control.SlotDeployment.encode(message.slots[i], writer.uint32(66).fork(), q + 1).ldelim();
                if (message.locations != null && message.locations.length)
                    for (let i = 0; i < message.locations.length; ++i)
                        $root.millrace.control.SubtaskLocation.encode(message.locations[i], writer.uint32(74).fork(), q + 1).ldelim();
                if (message.restoreCheckpointId != null && Object.hasOwnProperty.call(message, "restoreCheckpointId"))
                    writer.uint32(80).uint32(message.restoreCheckpointId);
                if (message.restoreJson != null && Object.hasOwnProperty.call(message, "restoreJson"))
                    writer.uint32(90).bytes(message.restoreJson);
                if (message.checkpointRoot != null && Object.hasOwnProperty.call(message, "checkpointRoot"))
                    writer.uint32(98).string(message.checkpointRoot);
                if (message.options != null && Object.hasOwnProperty.call(message, "options"))
                    for (let keys = Object.keys(message.options), i = 0; i < keys.length; ++i)
                        writer.uint32(106).fork().uint32(10).string(keys[i]).uint32(18).string(message.options[keys[i]]).ldelim();
                return writer;
            };

            Deploy.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message, key, value;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Deploy();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.jobName = reader.string();
                            break;
                        }
                    case 3: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 4: {
                            message.epoch = reader.uint32();
                            break;
                        }
                    case 5: {
                            message.planJson = reader.bytes();
                            break;
                        }
                    case 6: {
                            message.bundleId = reader.string();
                            break;
                        }
                    case 7: {
                            message.bundleBytes = reader.double();
                            break;
                        }
                    case 8: {
                            if (!(message.slots && message.slots.length))
                                message.slots = [];
                            message.slots.push($root.millrace.control.SlotDeployment.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 9: {
                            if (!(message.locations && message.locations.length))
                                message.locations = [];
                            message.locations.push($root.millrace.control.SubtaskLocation.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    case 10: {
                            message.restoreCheckpointId = reader.uint32();
                            break;
                        }
                    case 11: {
                            message.restoreJson = reader.bytes();
                            break;
                        }
                    case 12: {
                            message.checkpointRoot = reader.string();
                            break;
                        }
                    case 13: {
                            if (message.options === $util.emptyObject)
                                message.options = {};
                            let end2 = reader.uint32() + reader.pos;
                            if (end2 > reader.len)
                                throw RangeError("index out of range");
                            reader.len = end2;
                            key = "";
                            value = "";
                            while (reader.pos < end2) {
                                let tag2 = reader.uint32();
                                switch (tag2 >>> 3) {
                                case 1:
                                    key = reader.string();
                                    break;
                                case 2:
                                    value = reader.string();
                                    break;
                                default:
                                    reader.skipType(tag2 & 7, long);
                                    break;
                                }
                            }
                            if (reader.pos !== end2)
                                throw RangeError("index out of range");
                            reader.len = end;
                            if (key === "__proto__")
                                $util.makeProp(message.options, key);
                            message.options[key] = value;
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Deploy.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Deploy)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Deploy: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Deploy();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.jobName != null)
                    message.jobName = String(object.jobName);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.epoch != null)
                    message.epoch = object.epoch >>> 0;
                if (object.planJson != null)
                    if (typeof object.planJson === "string")
                        $util.base64.decode(object.planJson, message.planJson = $util.newBuffer($util.base64.length(object.planJson)), 0);
                    else if (object.planJson.length >= 0)
                        message.planJson = object.planJson;
                if (object.bundleId != null)
                    message.bundleId = String(object.bundleId);
                if (object.bundleBytes != null)
                    message.bundleBytes = Number(object.bundleBytes);
                if (object.slots) {
                    if (!Array.isArray(object.slots))
                        throw TypeError(".millrace.control.Deploy.slots: array expected");
                    message.slots = [];
                    for (let i = 0; i < object.slots.length; ++i) {
                        if (!$util.isObject(object.slots[i]))
                            throw TypeError(".millrace.control.Deploy.slots: object expected");
                        message.slots[i] = $root.millrace.control.SlotDeployment.fromObject(object.slots[i], long + 1);
                    }
                }
                if (object.locations) {
                    if (!Array.isArray(object.locations))
                        throw TypeError(".millrace.control.Deploy.locations: array expected");
                    message.locations = [];
                    for (let i = 0; i < object.locations.length; ++i) {
                        if (!$util.isObject(object.locations[i]))
                            throw TypeError(".millrace.control.Deploy.locations: object expected");
                        message.locations[i] = $root.millrace.control.SubtaskLocation.fromObject(object.locations[i], long + 1);
                    }
                }
                if (object.restoreCheckpointId != null)
                    message.restoreCheckpointId = object.restoreCheckpointId >>> 0;
                if (object.restoreJson != null)
                    if (typeof object.restoreJson === "string")
                        $util.base64.decode(object.restoreJson, message.restoreJson = $util.newBuffer($util.base64.length(object.restoreJson)), 0);
                    else if (object.restoreJson.length >= 0)
                        message.restoreJson = object.restoreJson;
                if (object.checkpointRoot != null)
                    message.checkpointRoot = String(object.checkpointRoot);
                if (object.options) {
                    if (!$util.isObject(object.options))
                        throw TypeError(".millrace.control.Deploy.options: object expected");
                    message.options = {};
                    for (let keys = Object.keys(object.options), i = 0; i < keys.length; ++i) {
                        if (keys[i] === "__proto__")
                            $util.makeProp(message.options, keys[i]);
                        message.options[keys[i]] = String(object.options[keys[i]]);
                    }
                }
                return message;
            };

            Deploy.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults) {
                    object.slots = [];
                    object.locations = [];
                }
                if (options.objects || options.defaults)
                    object.options = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.jobName = "";
                    object.attempt = 0;
                    object.epoch = 0;
                    if (options.bytes === String)
                        object.planJson = "";
                    else {
                        object.planJson = [];
                        if (options.bytes !== Array)
                            object.planJson = $util.newBuffer(object.planJson);
                    }
                    object.bundleId = "";
                    object.bundleBytes = 0;
                    object.restoreCheckpointId = 0;
                    if (options.bytes === String)
                        object.restoreJson = "";
                    else {
                        object.restoreJson = [];
                        if (options.bytes !== Array)
                            object.restoreJson = $util.newBuffer(object.restoreJson);
                    }
                    object.checkpointRoot = "";
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.jobName != null && Object.hasOwnProperty.call(message, "jobName"))
                    object.jobName = message.jobName;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.epoch != null && Object.hasOwnProperty.call(message, "epoch"))
                    object.epoch = message.epoch;
                if (message.planJson != null && Object.hasOwnProperty.call(message, "planJson"))
                    object.planJson = options.bytes === String ? $util.base64.encode(message.planJson, 0, message.planJson.length) : options.bytes === Array ? Array.prototype.slice.call(message.planJson) : message.planJson;
                if (message.bundleId != null && Object.hasOwnProperty.call(message, "bundleId"))
                    object.bundleId = message.bundleId;
                if (message.bundleBytes != null && Object.hasOwnProperty.call(message, "bundleBytes"))
                    object.bundleBytes = options.json && !isFinite(message.bundleBytes) ? String(message.bundleBytes) : message.bundleBytes;
                if (message.slots && message.slots.length) {
                    object.slots = [];
                    for (let j = 0; j < message.slots.length; ++j)
                        object.slots[j] = $root.millrace.control.SlotDeployment.toObject(message.slots[j], options, q + 1);
                }
                if (message.locations && message.locations.length) {
                    object.locations = [];
                    for (let j = 0; j < message.locations.length; ++j)
                        object.locations[j] = $root.millrace.control.SubtaskLocation.toObject(message.locations[j], options, q + 1);
                }
                if (message.restoreCheckpointId != null && Object.hasOwnProperty.call(message, "restoreCheckpointId"))
                    object.restoreCheckpointId = message.restoreCheckpointId;
                if (message.restoreJson != null && Object.hasOwnProperty.call(message, "restoreJson"))
                    object.restoreJson = options.bytes === String ? $util.base64.encode(message.restoreJson, 0, message.restoreJson.length) : options.bytes === Array ? Array.prototype.slice.call(message.restoreJson) : message.restoreJson;
                if (message.checkpointRoot != null && Object.hasOwnProperty.call(message, "checkpointRoot"))
                    object.checkpointRoot = message.checkpointRoot;
                let keys2;
                if (message.options && (keys2 = Object.keys(message.options)).length) {
                    object.options = {};
                    for (let j = 0; j < keys2.length; ++j) {
                        if (keys2[j] === "__proto__")
                            $util.makeProp(object.options, keys2[j]);
                        object.options[keys2[j]] = message.options[keys2[j]];
                    }
                }
                return object;
            };

            Deploy.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Deploy;
        })();

        control.SlotDeployment = (function() {

            function SlotDeployment(properties) {
                this.subtasks = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SlotDeployment.prototype.slot = 0;
            SlotDeployment.prototype.subtasks = $util.emptyArray;

            SlotDeployment.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    writer.uint32(8).uint32(message.slot);
                if (message.subtasks != null && message.subtasks.length)
                    for (let i = 0; i < message.subtasks.length; ++i)
                        $root.millrace.control.Subtask.encode(message.subtasks[i], writer.uint32(18).fork(), q + 1).ldelim();
                return writer;
            };

            SlotDeployment.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.SlotDeployment();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.slot = reader.uint32();
                            break;
                        }
                    case 2: {
                            if (!(message.subtasks && message.subtasks.length))
                                message.subtasks = [];
                            message.subtasks.push($root.millrace.control.Subtask.decode(reader, reader.uint32(), undefined, long + 1));
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SlotDeployment.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.SlotDeployment)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.SlotDeployment: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.SlotDeployment();
                if (object.slot != null)
                    message.slot = object.slot >>> 0;
                if (object.subtasks) {
                    if (!Array.isArray(object.subtasks))
                        throw TypeError(".millrace.control.SlotDeployment.subtasks: array expected");
                    message.subtasks = [];
                    for (let i = 0; i < object.subtasks.length; ++i) {
                        if (!$util.isObject(object.subtasks[i]))
                            throw TypeError(".millrace.control.SlotDeployment.subtasks: object expected");
                        message.subtasks[i] = $root.millrace.control.Subtask.fromObject(object.subtasks[i], long + 1);
                    }
                }
                return message;
            };

            SlotDeployment.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.subtasks = [];
                if (options.defaults)
                    object.slot = 0;
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    object.slot = message.slot;
                if (message.subtasks && message.subtasks.length) {
                    object.subtasks = [];
                    for (let j = 0; j < message.subtasks.length; ++j)
                        object.subtasks[j] = $root.millrace.control.Subtask.toObject(message.subtasks[j], options, q + 1);
                }
                return object;
            };

            SlotDeployment.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SlotDeployment;
        })();

        control.Subtask = (function() {

            function Subtask(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Subtask.prototype.vertex = 0;
            Subtask.prototype.subtask = 0;

            Subtask.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    writer.uint32(8).uint32(message.vertex);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(16).uint32(message.subtask);
                return writer;
            };

            Subtask.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Subtask();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.vertex = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Subtask.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Subtask)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Subtask: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Subtask();
                if (object.vertex != null)
                    message.vertex = object.vertex >>> 0;
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                return message;
            };

            Subtask.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.vertex = 0;
                    object.subtask = 0;
                }
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    object.vertex = message.vertex;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                return object;
            };

            Subtask.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Subtask;
        })();

        control.SubtaskLocation = (function() {

            function SubtaskLocation(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            SubtaskLocation.prototype.vertex = 0;
            SubtaskLocation.prototype.subtask = 0;
            SubtaskLocation.prototype.taskManagerId = "";
            SubtaskLocation.prototype.slot = 0;
            SubtaskLocation.prototype.host = "";
            SubtaskLocation.prototype.port = 0;

            SubtaskLocation.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    writer.uint32(8).uint32(message.vertex);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(16).uint32(message.subtask);
                if (message.taskManagerId != null && Object.hasOwnProperty.call(message, "taskManagerId"))
                    writer.uint32(26).string(message.taskManagerId);
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    writer.uint32(32).uint32(message.slot);
                if (message.host != null && Object.hasOwnProperty.call(message, "host"))
                    writer.uint32(42).string(message.host);
                if (message.port != null && Object.hasOwnProperty.call(message, "port"))
                    writer.uint32(48).uint32(message.port);
                return writer;
            };

            SubtaskLocation.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.SubtaskLocation();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.vertex = reader.uint32();
                            break;
                        }
                    case 2: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.taskManagerId = reader.string();
                            break;
                        }
                    case 4: {
                            message.slot = reader.uint32();
                            break;
                        }
                    case 5: {
                            message.host = reader.string();
                            break;
                        }
                    case 6: {
                            message.port = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            SubtaskLocation.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.SubtaskLocation)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.SubtaskLocation: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.SubtaskLocation();
                if (object.vertex != null)
                    message.vertex = object.vertex >>> 0;
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.taskManagerId != null)
                    message.taskManagerId = String(object.taskManagerId);
                if (object.slot != null)
                    message.slot = object.slot >>> 0;
                if (object.host != null)
                    message.host = String(object.host);
                if (object.port != null)
                    message.port = object.port >>> 0;
                return message;
            };

            SubtaskLocation.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.vertex = 0;
                    object.subtask = 0;
                    object.taskManagerId = "";
                    object.slot = 0;
                    object.host = "";
                    object.port = 0;
                }
                if (message.vertex != null && Object.hasOwnProperty.call(message, "vertex"))
                    object.vertex = message.vertex;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.taskManagerId != null && Object.hasOwnProperty.call(message, "taskManagerId"))
                    object.taskManagerId = message.taskManagerId;
                if (message.slot != null && Object.hasOwnProperty.call(message, "slot"))
                    object.slot = message.slot;
                if (message.host != null && Object.hasOwnProperty.call(message, "host"))
                    object.host = message.host;
                if (message.port != null && Object.hasOwnProperty.call(message, "port"))
                    object.port = message.port;
                return object;
            };

            SubtaskLocation.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return SubtaskLocation;
        })();

        control.Start = (function() {

            function Start(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Start.prototype.jobId = "";
            Start.prototype.attempt = 0;

            Start.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                return writer;
            };

            Start.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Start();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Start.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Start)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Start: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Start();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                return message;
            };

            Start.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                return object;
            };

            Start.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Start;
        })();

        control.Cancel = (function() {

            function Cancel(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            Cancel.prototype.jobId = "";
            Cancel.prototype.attempt = 0;
            Cancel.prototype.end = null;

            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            Object.defineProperty(Cancel.prototype, "_end", {
                get: $util.oneOfGetter($oneOfFields = ["end"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            Cancel.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.end != null && Object.hasOwnProperty.call(message, "end"))
                    $root.millrace.control.JobEnd.encode(message.end, writer.uint32(26).fork(), q + 1).ldelim();
                return writer;
            };

            Cancel.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.Cancel();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.end = $root.millrace.control.JobEnd.decode(reader, reader.uint32(), undefined, long + 1);
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            Cancel.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.Cancel)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.Cancel: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.Cancel();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.end != null) {
                    if (!$util.isObject(object.end))
                        throw TypeError(".millrace.control.Cancel.end: object expected");
                    message.end = $root.millrace.control.JobEnd.fromObject(object.end, long + 1);
                }
                return message;
            };

            Cancel.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.end != null && Object.hasOwnProperty.call(message, "end")) {
                    object.end = $root.millrace.control.JobEnd.toObject(message.end, options, q + 1);
                    if (options.oneofs)
                        object._end = "end";
                }
                return object;
            };

            Cancel.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return Cancel;
        })();

        control.JobEnd = (function() {

            function JobEnd(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            JobEnd.prototype.checkpointId = 0;

            JobEnd.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(8).uint32(message.checkpointId);
                return writer;
            };

            JobEnd.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.JobEnd();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            JobEnd.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.JobEnd)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.JobEnd: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.JobEnd();
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                return message;
            };

            JobEnd.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults)
                    object.checkpointId = 0;
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                return object;
            };

            JobEnd.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return JobEnd;
        })();

        control.CancelSlots = (function() {

            function CancelSlots(properties) {
                this.slots = [];
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            CancelSlots.prototype.jobId = "";
            CancelSlots.prototype.attempt = 0;
            CancelSlots.prototype.slots = $util.emptyArray;

            CancelSlots.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.slots != null && message.slots.length) {
                    writer.uint32(26).fork();
                    for (let i = 0; i < message.slots.length; ++i)
                        writer.uint32(message.slots[i]);
                    writer.ldelim();
                }
                return writer;
            };

            CancelSlots.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.CancelSlots();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            if (!(message.slots && message.slots.length))
                                message.slots = [];
                            if ((tag & 7) === 2) {
                                let end2 = reader.uint32() + reader.pos;
                                if (end2 > reader.len)
                                    throw RangeError("index out of range");
                                reader.len = end2;
                                while (reader.pos < end2)
                                    message.slots.push(reader.uint32());
                                if (reader.pos !== end2)
                                    throw RangeError("index out of range");
                                reader.len = end;
                            } else
                                message.slots.push(reader.uint32());
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            CancelSlots.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.CancelSlots)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.CancelSlots: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.CancelSlots();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.slots) {
                    if (!Array.isArray(object.slots))
                        throw TypeError(".millrace.control.CancelSlots.slots: array expected");
                    message.slots = [];
                    for (let i = 0; i < object.slots.length; ++i)
                        message.slots[i] = object.slots[i] >>> 0;
                }
                return message;
            };

            CancelSlots.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.slots = [];
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.slots && message.slots.length) {
                    object.slots = [];
                    for (let j = 0; j < message.slots.length; ++j)
                        object.slots[j] = message.slots[j];
                }
                return object;
            };

            CancelSlots.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return CancelSlots;
        })();

        control.TriggerCheckpoint = (function() {

            function TriggerCheckpoint(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            TriggerCheckpoint.prototype.jobId = "";
            TriggerCheckpoint.prototype.attempt = 0;
            TriggerCheckpoint.prototype.checkpointId = 0;
            TriggerCheckpoint.prototype.savepoint = false;
            TriggerCheckpoint.prototype.stop = "";

            TriggerCheckpoint.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(24).uint32(message.checkpointId);
                if (message.savepoint != null && Object.hasOwnProperty.call(message, "savepoint"))
                    writer.uint32(32).bool(message.savepoint);
                if (message.stop != null && Object.hasOwnProperty.call(message, "stop"))
                    writer.uint32(42).string(message.stop);
                return writer;
            };

            TriggerCheckpoint.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.TriggerCheckpoint();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    case 4: {
                            message.savepoint = reader.bool();
                            break;
                        }
                    case 5: {
                            message.stop = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            TriggerCheckpoint.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.TriggerCheckpoint)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.TriggerCheckpoint: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.TriggerCheckpoint();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                if (object.savepoint != null)
                    message.savepoint = Boolean(object.savepoint);
                if (object.stop != null)
                    message.stop = String(object.stop);
                return message;
            };

            TriggerCheckpoint.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.checkpointId = 0;
                    object.savepoint = false;
                    object.stop = "";
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                if (message.savepoint != null && Object.hasOwnProperty.call(message, "savepoint"))
                    object.savepoint = message.savepoint;
                if (message.stop != null && Object.hasOwnProperty.call(message, "stop"))
                    object.stop = message.stop;
                return object;
            };

            TriggerCheckpoint.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return TriggerCheckpoint;
        })();

        control.AbortCheckpoint = (function() {

            function AbortCheckpoint(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            AbortCheckpoint.prototype.jobId = "";
            AbortCheckpoint.prototype.attempt = 0;
            AbortCheckpoint.prototype.checkpointId = 0;

            AbortCheckpoint.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(24).uint32(message.checkpointId);
                return writer;
            };

            AbortCheckpoint.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.AbortCheckpoint();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            AbortCheckpoint.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.AbortCheckpoint)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.AbortCheckpoint: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.AbortCheckpoint();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                return message;
            };

            AbortCheckpoint.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.checkpointId = 0;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                return object;
            };

            AbortCheckpoint.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return AbortCheckpoint;
        })();

        control.CheckpointComplete = (function() {

            function CheckpointComplete(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            CheckpointComplete.prototype.jobId = "";
            CheckpointComplete.prototype.attempt = 0;
            CheckpointComplete.prototype.checkpointId = 0;

            CheckpointComplete.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    writer.uint32(24).uint32(message.checkpointId);
                return writer;
            };

            CheckpointComplete.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.CheckpointComplete();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.checkpointId = reader.uint32();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            CheckpointComplete.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.CheckpointComplete)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.CheckpointComplete: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.CheckpointComplete();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.checkpointId != null)
                    message.checkpointId = object.checkpointId >>> 0;
                return message;
            };

            CheckpointComplete.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.checkpointId = 0;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.checkpointId != null && Object.hasOwnProperty.call(message, "checkpointId"))
                    object.checkpointId = message.checkpointId;
                return object;
            };

            CheckpointComplete.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return CheckpointComplete;
        })();

        control.ResultsRead = (function() {

            function ResultsRead(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            ResultsRead.prototype.jobId = "";
            ResultsRead.prototype.attempt = 0;
            ResultsRead.prototype.uid = "";
            ResultsRead.prototype.subtask = 0;
            ResultsRead.prototype.next = 0;

            ResultsRead.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    writer.uint32(10).string(message.jobId);
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    writer.uint32(16).uint32(message.attempt);
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    writer.uint32(26).string(message.uid);
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    writer.uint32(32).uint32(message.subtask);
                if (message.next != null && Object.hasOwnProperty.call(message, "next"))
                    writer.uint32(41).double(message.next);
                return writer;
            };

            ResultsRead.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.ResultsRead();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.jobId = reader.string();
                            break;
                        }
                    case 2: {
                            message.attempt = reader.uint32();
                            break;
                        }
                    case 3: {
                            message.uid = reader.string();
                            break;
                        }
                    case 4: {
                            message.subtask = reader.uint32();
                            break;
                        }
                    case 5: {
                            message.next = reader.double();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            ResultsRead.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.ResultsRead)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.ResultsRead: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.ResultsRead();
                if (object.jobId != null)
                    message.jobId = String(object.jobId);
                if (object.attempt != null)
                    message.attempt = object.attempt >>> 0;
                if (object.uid != null)
                    message.uid = String(object.uid);
                if (object.subtask != null)
                    message.subtask = object.subtask >>> 0;
                if (object.next != null)
                    message.next = Number(object.next);
                return message;
            };

            ResultsRead.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.jobId = "";
                    object.attempt = 0;
                    object.uid = "";
                    object.subtask = 0;
                    object.next = 0;
                }
                if (message.jobId != null && Object.hasOwnProperty.call(message, "jobId"))
                    object.jobId = message.jobId;
                if (message.attempt != null && Object.hasOwnProperty.call(message, "attempt"))
                    object.attempt = message.attempt;
                if (message.uid != null && Object.hasOwnProperty.call(message, "uid"))
                    object.uid = message.uid;
                if (message.subtask != null && Object.hasOwnProperty.call(message, "subtask"))
                    object.subtask = message.subtask;
                if (message.next != null && Object.hasOwnProperty.call(message, "next"))
                    object.next = options.json && !isFinite(message.next) ? String(message.next) : message.next;
                return object;
            };

            ResultsRead.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return ResultsRead;
        })();

        control.FetchBundleRequest = (function() {

            function FetchBundleRequest(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            FetchBundleRequest.prototype.bundleId = "";

            FetchBundleRequest.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.bundleId != null && Object.hasOwnProperty.call(message, "bundleId"))
                    writer.uint32(10).string(message.bundleId);
                return writer;
            };

            FetchBundleRequest.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.FetchBundleRequest();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.bundleId = reader.string();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            FetchBundleRequest.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.FetchBundleRequest)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.FetchBundleRequest: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.FetchBundleRequest();
                if (object.bundleId != null)
                    message.bundleId = String(object.bundleId);
                return message;
            };

            FetchBundleRequest.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults)
                    object.bundleId = "";
                if (message.bundleId != null && Object.hasOwnProperty.call(message, "bundleId"))
                    object.bundleId = message.bundleId;
                return object;
            };

            FetchBundleRequest.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return FetchBundleRequest;
        })();

        control.BundleChunk = (function() {

            function BundleChunk(properties) {
                if (properties)
                    for (let keys = Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            }

            BundleChunk.prototype.data = $util.newBuffer([]);

            BundleChunk.encode = function encode(message, writer, q) {
                if (!writer)
                    writer = $Writer.create();
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                if (message.data != null && Object.hasOwnProperty.call(message, "data"))
                    writer.uint32(10).bytes(message.data);
                return writer;
            };

            BundleChunk.decode = function decode(reader, length, error, long) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (long === undefined)
                    long = 0;
                if (long > $Reader.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let end, message;
                if (length === undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = new $root.millrace.control.BundleChunk();
                while (reader.pos < end) {
                    let tag = reader.uint32();
                    if (tag === error)
                        break;
                    switch (tag >>> 3) {
                    case 1: {
                            message.data = reader.bytes();
                            break;
                        }
                    default:
                        reader.skipType(tag & 7, long);
                        break;
                    }
                }
                if (length !== undefined) {
                    if (reader.pos !== end)
                        throw RangeError("index out of range");
                    reader.len = length;
                }
                return message;
            };

            BundleChunk.fromObject = function fromObject(object, long) {
                if (object instanceof $root.millrace.control.BundleChunk)
                    return object;
                if (!$util.isObject(object))
                    throw TypeError(".millrace.control.BundleChunk: object expected");
                if (long === undefined)
                    long = 0;
                if (long > $util.recursionLimit)
                    throw Error("maximum nesting depth exceeded");
                let message = new $root.millrace.control.BundleChunk();
                if (object.data != null)
                    if (typeof object.data === "string")
                        $util.base64.decode(object.data, message.data = $util.newBuffer($util.base64.length(object.data)), 0);
                    else if (object.data.length >= 0)
                        message.data = object.data;
                return message;
            };

            BundleChunk.toObject = function toObject(message, options, q) {
                if (!options)
                    options = {};
                if (q === undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw Error("max depth exceeded");
                let object = {};
                if (options.defaults)
                    if (options.bytes === String)
                        object.data = "";
                    else {
                        object.data = [];
                        if (options.bytes !== Array)
                            object.data = $util.newBuffer(object.data);
                    }
                if (message.data != null && Object.hasOwnProperty.call(message, "data"))
                    object.data = options.bytes === String ? $util.base64.encode(message.data, 0, message.data.length) : options.bytes === Array ? Array.prototype.slice.call(message.data) : message.data;
                return object;
            };

            BundleChunk.prototype.toJSON = function toJSON() {
                return this.constructor.toObject(this, $protobuf.util.toJSONOptions);
            };

            return BundleChunk;
        })();

        return control;
    })();

    return millrace;
})();

export { $root as default };
