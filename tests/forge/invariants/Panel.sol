// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation, FrameRecord, Report} from "../../../contracts/interfaces/IReportHub.sol";
import {State} from "../../../contracts/interfaces/IModelStatus.sol";
import {FrameTimes, Terms} from "../../../contracts/interfaces/IPolicyBook.sol";
import {Claim, Ghost} from "./Ghost.sol";
import {vm} from "../support/Vm.sol";

/// @notice Acts of the monitors, honest or not, and of the steward's log.
abstract contract Panel is Ghost {
    /// @dev Code that only reverts, in place of a governor that does not answer.
    bytes private constant _JAM = hex"5f5ffd";

    mapping(bytes32 frame => uint256) private _delivered;
    mapping(bytes32 frame => bytes32[3]) private _signedFor;
    bytes[] private _sent;

    /// @notice Honest monitors report on the newest frame; the governor may be jammed meanwhile.
    function report(uint256 seed) external acts("report", seed) {
        (uint256 model, uint64 frame, uint32 version) = _newest();
        if (version == 0) return;
        if (log.anchorOf(model, version, frame) == 0) {
            if (_chance(15) || !_isSealed(model, frame)) return;
            _anchor(model, version, frame);
        }
        Report memory report_ = _report(model, version, frame, _values());
        _deliver(report_, _somebody(), _chance(25));
    }

    /// @notice k monitors collude to keep a model out of service: they report a breach wherever one still counts, and
    /// some wait for it to come back to do so again and again.
    function cartel(uint256 seed) external acts("cartel", seed) {
        if (_chance(12)) return _besiege(_modelIn(State.Active));
        (uint256 model, uint64 frame, uint32 version) = _newest();
        if (frame > 1 && _chance(30)) version = registry.versionAt(model, _end(model, --frame) - 1);
        if (version == 0 || block.timestamp > policies.termsOf(model, frame).acceptUntil) return;
        if (log.anchorOf(model, version, frame) == 0) {
            if (!_isSealed(model, frame)) return;
            _anchor(model, version, frame);
        }
        _deliver(_report(model, version, frame, _hit(_chance(50) ? TRIP : BELOW)), 3, _chance(25));
    }

    /// @notice Sends signatures that counted once more, or in the place of others.
    function replay(uint256 seed) external acts("replay", seed) {
        if (_sent.length == 0) return;
        (Report memory report_, Attestation[] memory attestations) =
            abi.decode(_sent[_roll(_sent.length)], (Report, Attestation[]));
        uint256 how = _roll(6);
        if (how == 0) report_.frame += uint64(1 + _roll(3));
        if (how == 1) report_.modelId = models[_roll(models.length)];
        if (how == 2) report_.version += 1;
        if (how == 3) report_.policy = keccak256("another policy");
        uint64 chain = uint64(block.chainid);
        if (how == 4) vm.chainId(chain + 1);
        uint256 reported = _reported(report_);
        bytes32 key = keccak256(abi.encode(report_.modelId, report_.version, report_.frame, report_.policy));
        (bool ok,) = _try(STRANGER, address(hub), abi.encodeCall(hub.submit, (report_, attestations)));
        if (how == 4) vm.chainId(chain);
        _claim(
            _reported(report_) == reported && reported == _delivered[key], Claim.OneReport, "a replayed report counted"
        );
        done = !ok || how == 5;
    }

    /// @notice The steward, or somebody else, anchors the newest frame.
    function anchor(uint256 seed) external acts("anchor", seed) {
        (uint256 model, uint64 frame, uint32 version) = _newest();
        address who = _chance(70) ? registry.stewardOf(model) : STRANGER;
        bool again = version != 0 && log.anchorOf(model, version, frame) != 0;
        (done,) = _try(
            who, address(log), abi.encodeCall(log.anchor, (model, version, frame, keccak256("m"), ROOT, ROWS))
        );
        _claim(!done || (who != STRANGER && !again && version != 0), Claim.NoKey, "anchored by another, or twice");
    }

    /// @notice One monitor contradicts the others, or all contradict each other.
    function dissent(uint256 seed) external acts("dissent", seed) {
        (uint256 model, uint64 frame, uint32 version) = _newest();
        if (version == 0) return;
        if (log.anchorOf(model, version, frame) == 0) {
            if (!_isSealed(model, frame)) return;
            _anchor(model, version, frame);
        }
        Report memory report_ = _report(model, version, frame, _healthy());
        uint8 count = uint8(1 + _roll(3));
        for (uint8 i = 0; i < count; ++i) {
            report_.evidence = keccak256(abi.encode("an opinion of its own", i));
            _deliver(report_, uint8(1 << i), false);
        }
    }

    /// @notice Anyone makes a frame that nobody reported a case; some wait for its deadline to do so.
    function pokeStale(uint256 seed) external acts("pokeStale", seed) {
        if (_chance(20)) _elapse(2 * STEP + DEADLINE);
        (uint256 model, uint64 frame) = (_modelIn(State.Active), uint64(_roll(4)));
        for (uint256 i = 0; i < 5 * models.length && !_isSilent(model, frame); ++i) {
            model = models[i % models.length];
            uint64 due = policies.lastFrameDue(model);
            frame = due < i / models.length ? 0 : due - uint64(i / models.length);
        }
        if (!_isSilent(model, frame) && _chance(12)) (model, frame) = _silence();
        bool served = _isServed(model, frame);
        (done,) = _try(STRANGER, address(hub), abi.encodeCall(hub.pokeStale, (model, frame)));
        _claim(!done || !served, Claim.OneReport, "a reported frame is stale");
    }

    function _deliver(Report memory report_, uint8 who, bool jammed) internal {
        Attestation[] memory attestations = new Attestation[](_count(who));
        for (uint8 i = 0; i < 3; ++i) {
            if (who & (1 << i) != 0) attestations[attestations.length - _count(who >> i)] = _signedBy(report_, i);
        }
        bytes32 key = keccak256(abi.encode(report_.modelId, report_.version, report_.frame, report_.policy));
        bytes memory code = address(governor).code;
        if (jammed) vm.etch(address(governor), _JAM);
        (bool ok,) = _try(STRANGER, address(hub), abi.encodeCall(hub.submit, (report_, attestations)));
        if (jammed) vm.etch(address(governor), code);
        _claim(ok == _inTime(report_), jammed ? Claim.TripAlone : Claim.OneReport, "refused, or taken out of time");
        if (!ok) return;
        done = done || who & ~_delivered[key] != 0;
        _agree(key, report_, who & ~uint8(_delivered[key]));
        _delivered[key] |= who;
        _claim(_reported(report_) == _delivered[key], Claim.OneReport, "counts more or fewer monitors than signed");
        if (report_.frame > 0) _sent.push(abi.encode(report_, attestations));
    }

    /// @dev Lets a whole frame of a model in service pass without a report, until its deadline is over.
    function _silence() private returns (uint256 model, uint64 frame) {
        model = _modelIn(State.Active);
        if (!policies.hasPolicy(model)) return (model, 0);
        frame = policies.lastFrameAt(model, uint48(block.timestamp)) + 2;
        _elapse(policies.frameTimes(model, frame).acceptUntil + 1 - block.timestamp);
    }

    /// @dev Nobody reported a frame in service, and nobody said so yet.
    function _isSilent(uint256 model, uint64 frame) private view returns (bool) {
        if (frame == 0 || !policies.hasPolicy(model) || _isServed(model, frame)) return false;
        FrameTimes memory times = policies.frameTimes(model, frame);
        uint32 version = registry.versionAt(model, times.end - 1);
        return block.timestamp > times.acceptUntil && killSwitch.operationalSince(model) <= times.start
            && !hub.frameOf(model, version, frame, policies.termsOf(model, frame).digest).stale;
    }

    /// @dev A trip at the first frame after each return to service.
    function _besiege(uint256 model) private {
        for (uint256 i = 0; i < 8 && policies.hasPolicy(model); ++i) {
            uint48 until = killSwitch.statusOf(model).until;
            if (until > block.timestamp) _elapse(until - block.timestamp);
            uint64 frame = policies.lastFrameAt(model, uint48(block.timestamp)) + 1;
            _elapse(policies.frameTimes(model, frame).sealFrom - block.timestamp);
            uint32 version = registry.versionAt(model, _end(model, frame) - 1);
            if (version == 0) return;
            _anchor(model, version, frame);
            _deliver(_report(model, version, frame, _hit(_chance(50) ? TRIP : BELOW)), 3, false);
            _compare();
        }
    }

    /// @dev Counts each monitor for the first digest that it signed, and expects the hub to do the same.
    function _agree(bytes32 key, Report memory report_, uint8 fresh) private {
        bytes32 digest = keccak256(abi.encode(report_));
        uint256 most;
        for (uint256 i = 0; i < 3; ++i) {
            if (fresh & (1 << i) != 0) _signedFor[key][i] = digest;
        }
        for (uint256 i = 0; i < 3; ++i) {
            uint256 alike;
            for (uint256 j = 0; j < 3; ++j) {
                if (_signedFor[key][i] != 0 && _signedFor[key][i] == _signedFor[key][j]) ++alike;
            }
            if (alike > most) most = alike;
        }
        FrameRecord memory record =
            hub.frameOf(report_.modelId, report_.version, report_.frame, report_.policy);
        _claim(
            record.agreement == most && record.judged == (most >= 2), Claim.OneReport, "a monitor counts for two digests"
        );
    }

    function _isServed(uint256 model, uint64 frame) private view returns (bool) {
        if (frame == 0 || !policies.hasPolicy(model)) return false;
        uint32 version = registry.versionAt(model, _end(model, frame) - 1);
        return hub.frameOf(model, version, frame, policies.termsOf(model, frame).digest).judged;
    }

    function _inTime(Report memory report_) private view returns (bool) {
        if (report_.frame == 0) return true;
        Terms memory terms = policies.termsOf(report_.modelId, report_.frame);
        return block.timestamp >= terms.end && block.timestamp <= terms.acceptUntil;
    }

    function _reported(Report memory report_) private view returns (uint256) {
        return hub.frameOf(report_.modelId, report_.version, report_.frame, report_.policy).reported;
    }

    /// @dev A model, its newest frame that has ended, and the version in force then; 0 if there is none.
    function _newest() internal returns (uint256 model, uint64 frame, uint32 version) {
        model = _modelIn(_chance(70) ? State.Active : State.Suspended);
        if (!policies.hasPolicy(model)) return (model, 0, 0);
        frame = policies.lastFrameAt(model, uint48(block.timestamp));
        if (frame > 0) version = registry.versionAt(model, _end(model, frame) - 1);
    }

    function _isSealed(uint256 model, uint64 frame) private view returns (bool) {
        return block.timestamp >= policies.frameTimes(model, frame).sealFrom;
    }

    function _end(uint256 model, uint64 frame) private view returns (uint48) {
        return policies.termsOf(model, frame).end;
    }

    function _values() private returns (int64[] memory values) {
        uint256 what = _roll(100);
        if (what < 45) return _healthy();
        if (what < 65) return _hit(TRIP);
        if (what < 85) return _hit(VOTE);
        if (what < 90) return _hit(WARN);
        values = _healthy();
        values[_chance(50) ? VOTE : BELOW] = NOT_AVAILABLE;
    }

    /// @dev Which monitors sign, as bits: most often two or all.
    function _somebody() private returns (uint8) {
        return [1, 3, 3, 5, 6, 7, 7, 7][_roll(8)];
    }

    function _count(uint8 bits) private pure returns (uint256) {
        return (bits & 1) + (bits >> 1 & 1) + (bits >> 2 & 1);
    }
}
