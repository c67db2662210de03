-- Entries have been lost: begin a new epoch, unless another process has done so already.
--
-- KEYS  head
-- ARGV  the epoch that has lost entries, the candidate for the new one, the newest seq that both copies hold alike
-- returns 1 when this call began it
--
-- Numbers go on from what is there. "from:<epoch>" says up to which seq the old epoch's entries are this one's too.

local head = KEYS[1]
local epoch, candidate, fork = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('HGET', head, 'epoch') ~= epoch then return 0 end
local fields, olds = redis.call('HGETALL', head), {}
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 5) == 'from:' then
    olds[#olds + 1] = fields[i]
    if tonumber(fields[i + 1]) > fork then redis.call('HSET', head, fields[i], fork) end
  end
end
if #olds >= 32 then redis.call('HDEL', head, olds[1]) end
redis.call('HSET', head, 'epoch', candidate, 'from:' .. epoch, fork)
return 1
